// The desktop shows a code, a phone opens it, takes two pictures, and they lie in the tray; used again the code says why not.
import { readFileSync } from 'node:fs'

export default async ({ open, firstSignIn, bind, shot, axe, expect, sure, samples, url }) => {
  expect(/40[0-9] .*(phone-sessions|api.v1.session|captures)/)
  const page = await open('/login')
  await firstSignIn(page)
  await bind(page)
  await page.getByRole('link', { name: '影像采集' }).click()
  const lent = page.waitForResponse(reply => reply.url().endsWith('/phone') && reply.request().method() === 'POST')
  await page.getByRole('button', { name: '用手机拍照' }).click()
  const { url: address, qr } = await (await lent).json()
  await page.getByRole('img', { name: '手机拍照二维码' }).waitFor()
  sure(address.startsWith(url + '/imgsys-web/phone#') && qr.side > 20, address)
  await axe(page, 'the code')
  await shot(page, 'code')

  const phone = await open(address.replace(/^.*imgsys-web/, ''), { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true })
  await phone.getByRole('button', { name: '拍照', exact: true }).waitFor()
  sure(!phone.url().includes('#'), 'the code stays out of the history')
  const picture = readFileSync(`${samples}/paper.jpg`)
  await phone.getByTestId('camera').setInputFiles({ name: 'image.jpg', mimeType: 'image/jpeg', buffer: picture })
  await phone.getByText('已发送 1 个文件').waitFor()
  await phone.getByTestId('files').setInputFiles({ name: 'other.jpg', mimeType: 'image/jpeg', buffer: Buffer.concat([picture, Buffer.from('other')]) })
  await phone.getByText('已发送 2 个文件').waitFor()
  await axe(phone, 'the phone')
  await shot(phone, 'phone')
  await phone.reload()
  await phone.getByRole('button', { name: '拍照', exact: true }).waitFor()

  await page.getByText('本批次现有 2 页').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: '完成', exact: true }).click()
  sure(await page.locator('[data-page]').count() === 2, 'both pictures lie in the tray')
  await shot(page, 'tray')

  await phone.getByTestId('files').setInputFiles(`${samples}/invoice.pdf`)
  await phone.getByText('已发送 1 个文件').waitFor()
  await phone.getByTestId('files').setInputFiles(`${samples}/invoice.pdf`)
  await phone.getByText('此文件已在其中').waitFor()
  sure(await phone.getByTestId('sent').innerText() === '已发送 1 个文件', 'a file that was there already is counted')

  const again = await open(address.replace(/^.*imgsys-web/, ''), { viewport: { width: 390, height: 844 } })
  await again.getByRole('heading', { name: '二维码已失效' }).waitFor()
  await again.getByText('二维码已使用过').waitFor()
  await shot(again, 'used')

  await page.getByRole('button', { name: '用手机拍照' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '断开手机' }).click()
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await phone.getByTestId('camera').setInputFiles({ name: 'late.jpg', mimeType: 'image/jpeg', buffer: picture })
  await phone.getByText('连接已结束').waitFor()
  await shot(phone, 'ended')
}
