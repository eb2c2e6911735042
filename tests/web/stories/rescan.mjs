// A bill that EAS announced is captured and submitted (phase "scan"); EAS sends it back; the clerk finds it with the reason and who
// asked, sees which file nobody has touched, replaces one, confirms the other, submits again, and the timeline tells all of it.
import { readFileSync } from 'node:fs'

const TRIES = 60

async function scan({ open, firstSignIn, bind, samples, number }) {
  const page = await open('/home')
  await firstSignIn(page)
  await bind(page)
  await page.goto(page.url().replace(/imgsys-web.*/, `imgsys-web/capture?number=${number}`))
  const picture = readFileSync(`${samples}/paper.jpg`)
  const sheet = name => ({ name, mimeType: 'image/jpeg', buffer: Buffer.concat([picture, Buffer.from(name)]) })
  await page.getByTestId('files').setInputFiles([sheet('first.jpg'), sheet('second.jpg')])
  await page.getByText('2 页，1 段').waitFor()
  await page.getByRole('button', { name: '归档 1 张单据' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '归档 1 段' }).click()
  await page.getByRole('button', { name: '提交这 1 张单据' }).click()
  await page.getByRole('dialog').getByText('已提交').waitFor()
}

/** Every pattern, one behind the other. */
function inOrder(notes, patterns) {
  let at = -1
  for (const one of patterns) {
    at = notes.findIndex((note, i) => i > at && one.test(note))
    if (at < 0) return `${one} is not where it should be in:\n${notes.join('\n')}`
  }
  return null
}

async function again({ open, signIn, shot, axe, samples, login, password, number, reason, who, sure }) {
  const page = await open('/home')
  await signIn(page, login, password)
  await page.getByRole('link', { name: /1\s*待重扫/ }).waitFor()
  const line = page.getByRole('listitem').filter({ hasText: number }).filter({ hasText: reason })
  await line.getByText(who).waitFor()
  await axe(page, 'home, a bill was sent back')
  await shot(page, 'home')
  await line.getByRole('link', { name: number }).click()
  const head = page.locator('.bill-head')
  await head.getByText(`原因：${reason}`).waitFor()
  await head.getByText(who).waitFor()
  const thumb = n => page.locator('.bill-body .thumb').nth(n)
  await thumb(0).getByText('未改动').waitFor()
  await thumb(1).getByText('未改动').waitFor()
  await axe(page, 'a bill that was sent back')
  await shot(page, 'sent-back')

  await thumb(1).click()
  await page.keyboard.press('p')
  const dialog = page.getByRole('dialog', { name: '替换 second.jpg' })
  await dialog.waitFor()
  await shot(page, 'replace')
  await dialog.getByTestId('files').setInputFiles({ name: 'better.jpg', mimeType: 'image/jpeg', buffer: Buffer.concat([readFileSync(`${samples}/paper.jpg`), Buffer.from('better')]) })
  await dialog.waitFor({ state: 'hidden' })
  await thumb(1).getByText('better.jpg').waitFor()
  await thumb(1).getByText('已替换').waitFor()
  await thumb(0).click()
  await page.getByRole('button', { name: '确认无误' }).click()
  await thumb(0).getByText('已确认').waitFor()
  await head.getByText(`原因：${reason}`).waitFor() // until it is submitted, what was asked for stays in sight
  await page.getByRole('button', { name: '提交', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: '确定' }).click()
  await head.getByText('已提交').waitFor()
  sure(await head.getByText(reason).count() === 0, 'what was asked for is done')

  await page.getByRole('tab', { name: '时间线' }).click()
  for (let i = 0; await page.getByText('通知“重新就绪”：已送达').count() === 0; i++) {
    sure(i < TRIES, 'EAS was not told')
    await page.reload()
    await page.locator('.trail-note').first().waitFor()
  }
  const notes = await page.locator('.trail li').allInnerTexts()
  const wrong = inOrder(notes, [/ERP 登记.*接口[^]*ERP 登记了单据/, /2 页已归档/, /提交：已上传 → 已提交/, /通知“影像已就绪”：已送达 EAS/, new RegExp(`退扫：已提交 → 待重扫（${who}）；原因：${reason}`),
    /“second.jpg”替换为“better.jpg”/, /“first.jpg”已确认无误/, /提交：已上传 → 已提交/, /通知“重新就绪”：已送达 EAS/])
  sure(!wrong, wrong)
  await shot(page, 'timeline')
}

export default kit => (kit.phase === 'scan' ? scan : again)(kit)
