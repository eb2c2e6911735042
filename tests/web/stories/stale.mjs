// Somebody else changed the bill meanwhile: nothing is overwritten, and the page shows what was changed.
import { execFileSync } from 'node:child_process'

export default async ({ open, firstSignIn, shot, expect, sure, url, bill, change, again }) => {
  expect(/409 |415 /)
  const page = await open('/bills')
  await firstSignIn(page)
  await page.goto(`${url}/imgsys-web/bills/${bill}`)

  /* what is refused for what it is: told in the reader's words, and not offered again */
  await page.getByRole('button', { name: '添加文件' }).click()
  const adding = page.getByRole('dialog', { name: '添加文件' })
  await adding.getByTestId('files').setInputFiles([{ name: 'fake.pdf', mimeType: 'application/pdf', buffer: Buffer.from([0, 1, 2, 3]) }, { name: 'a.zip', mimeType: 'application/zip', buffer: Buffer.from('PK') }])
  await adding.getByText('可能已损坏或改过扩展名').waitFor()
  await shot(page, 'refused')
  sure(await adding.getByRole('button', { name: '重试' }).count() === 0, 'the same bytes are not offered again')
  sure(!/UNKNOWN|OLE|TEXT/.test(await adding.innerText()), 'formats by their names')
  await adding.getByRole('button', { name: '完成' }).click()
  await adding.waitFor({ state: 'hidden' })

  await page.locator('.thumb').nth(2).click()
  execFileSync(change[0], change.slice(1))
  await page.keyboard.press('3')
  const alert = page.getByRole('alert').filter({ hasText: '已被修改' })
  await alert.waitFor()
  await alert.getByText('invoice.xml').first().waitFor()
  await shot(page, 'stale')
  await alert.getByRole('button', { name: '重试' }).click()
  await alert.waitFor({ state: 'hidden' })
  await page.locator('.thumb').nth(2).click()
  await page.keyboard.press('3')
  await page.locator('.thumb').nth(2).getByText('附件').waitFor()

  /* under a dialog: what was typed stays, and the next try is about what is there now */
  await page.getByRole('button', { name: '作废', exact: true }).click()
  const dialog = page.getByRole('dialog')
  const reason = dialog.getByRole('textbox')
  await reason.fill('重复报销')
  execFileSync(again[0], again.slice(1))
  await dialog.getByRole('button', { name: '确定' }).click()
  await dialog.getByRole('alert').filter({ hasText: '已被修改' }).waitFor()
  sure(await reason.inputValue() === '重复报销', 'the reason is kept')
  await page.locator('.thumb').first().getByText('发票').waitFor()
  await shot(page, 'under-a-dialog')
  await dialog.getByRole('button', { name: '确定' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.locator('.bill-head').getByText('已作废').waitFor()
  await page.locator('.bill-head').getByText('重复报销').waitFor()
}
