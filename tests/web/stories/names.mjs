// Files whose names attack, chosen and dropped: shown as text wherever a name is shown, and downloaded under a name that is safe;
// one of them is labelled and moved to another bill.
const PIXEL = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAADklEQVR4nGM4AQUMlDEACLEyAaio5RMAAAAASUVORK5CYII=', 'base64')
const ALIVE = 'img[src="x"], [onerror], iframe, svg[onload]'

export default async ({ open, firstSignIn, bind, shot, sure, url, names, other, label, type }) => {
  const page = await open('/capture')
  await firstSignIn(page)
  await bind(page)
  await page.getByRole('link', { name: '影像采集' }).click()
  const bytes = i => Buffer.concat([PIXEL, Buffer.from(`-${i}`)])
  const sent = names.map(([name]) => name)
  const [chosen, dropped] = [sent.slice(0, 4), sent.slice(4)]
  await page.getByTestId('files').setInputFiles(chosen.map((name, i) => ({ name, mimeType: 'image/png', buffer: bytes(i) })))
  await page.getByText(`${chosen.length} 页，1 段`).waitFor()
  const data = await page.evaluateHandle(([list, base64]) => {
    const transfer = new DataTransfer()
    for (const [i, name] of list.entries()) transfer.items.add(new File([Uint8Array.from(atob(base64), c => c.charCodeAt(0)), `+${i}`], name, { type: 'image/png' }))
    return transfer
  }, [dropped, PIXEL.toString('base64')])
  await page.locator('.drop').first().dispatchEvent('drop', { dataTransfer: data })
  await page.getByText(`${names.length} 页，1 段`).waitFor()
  const isText = async where => {
    const text = await page.evaluate(() => document.body.textContent)
    for (const [, name] of names) sure(text.includes(name), `${where} does not show ${JSON.stringify(name)}`)
    sure(await page.locator(ALIVE).count() === 0, `a name came alive in ${where}`)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    sure(wide <= 0, `${where} is ${wide} px too wide`)
  }
  await isText('the tray')
  await shot(page, 'tray')
  await page.getByRole('textbox', { name: '影像编号' }).fill('names-1')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: '归档 1 张单据' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '归档 1 段' }).click()
  await page.getByRole('link', { name: 'NAMES-1' }).first().click()
  await page.getByRole('heading', { name: 'NAMES-1', level: 1 }).waitFor()
  await page.locator('.bill-body .thumb').nth(names.length - 1).waitFor()
  await isText('the bill')
  await shot(page, 'bill')
  const saved = []
  for (let i = 0; i < names.length; i++) {
    await page.locator('.bill-body .thumb').nth(i).click()
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: '下载原件' }).click()])
    saved.push(download.suggestedFilename())
  }
  // eslint-disable-next-line no-control-regex
  for (const name of saved) sure(name.endsWith('.png') && !/[/\\\u0000-\u001f\u202a-\u202e\u2066-\u2069<>"]/.test(name) && !name.startsWith('.') && Buffer.byteLength(name) <= 255, `it is saved as ${JSON.stringify(name)}`)
  await page.getByRole('tab', { name: '时间线' }).click()
  await page.locator('.trail-note').nth(names.length).waitFor()
  await isText('the timeline')
  await page.keyboard.press('l')
  await page.getByRole('row').nth(names.length).waitFor()
  await isText('the list of files')
  await page.keyboard.press('l')
  await page.locator('.bill-body .thumb').first().click()
  await page.keyboard.press('3')
  await page.locator('.bill-body .thumb').first().getByText('附件').waitFor()
  await page.locator('.bill-body .thumb').nth(1).click()
  await page.keyboard.press('3')
  await page.locator('.bill-body .thumb').nth(1).getByText('附件').waitFor()
  await page.goto(`${url}/imgsys-web/attachments`)
  const [attached] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: names[0][1] }).click()])
  sure(attached.suggestedFilename() === saved[0], `the attachment is saved as ${attached.suggestedFilename()}`)
  await shot(page, 'attachments')

  // one of them belongs to another bill, under a label
  await page.getByRole('row').filter({ hasText: names[0][1] }).getByRole('link', { name: 'NAMES-1' }).click()
  const arrange = async name => {
    await page.locator('.bill-body .thumb').first().click()
    await page.getByRole('button', { name: '整理 ▾' }).click()
    await page.getByRole('menuitem', { name }).click()
  }
  await arrange('标签与附件类型')
  await page.getByRole('dialog').getByRole('combobox', { name: '标签' }).click()
  await page.getByTitle(label, { exact: true }).click()
  await page.getByRole('dialog').getByRole('combobox', { name: '附件类型' }).click()
  await page.getByTitle(type, { exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: '保存' }).click()
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await arrange('移到另一张单据')
  const move = page.getByRole('dialog')
  await move.getByLabel('影像编号').fill('names-9')
  await page.keyboard.press('Enter')
  await move.getByText('没有影像编号为 NAMES-9 的单据').waitFor()
  await move.getByLabel('影像编号').fill('names-2')
  await page.keyboard.press('Enter')
  await move.waitFor({ state: 'hidden' })
  await page.locator('.bill-body .thumb').nth(names.length - 1).waitFor({ state: 'detached' })
  await page.goto(`${url}/imgsys-web/bills/${other}`)
  await page.locator('.bill-body .thumb').first().waitFor()
  await page.keyboard.press('l')
  await page.getByRole('row').filter({ hasText: names[0][1] }).getByRole('cell', { name: label, exact: true }).waitFor()

  // and is found by it, and by what kind of attachment it is
  await page.goto(`${url}/imgsys-web/attachments`)
  const [first, second] = names.map(([, name]) => page.getByRole('row').filter({ hasText: name }))
  for (const [filter, word] of [['标签', label], ['附件类型', type]]) {
    await second.waitFor()
    await page.getByRole('search').getByRole('combobox', { name: filter }).click()
    await page.getByTitle(word, { exact: true }).click()
    await second.waitFor({ state: 'detached' })
    await first.getByRole('cell', { name: word, exact: true }).waitFor()
    await page.getByRole('button', { name: '清除条件' }).click()
  }
}
