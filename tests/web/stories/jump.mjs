// The ERP's jump with several bills: all of them and no other, by click and by key, with the rights that it named; a code that was
// used, one that has expired and a session that has ended are told as what they are, in both languages.
export default async ({ open, shot, axe, expect, sure, samples, codes, numbers, foreign, url }) => {
  expect(/40[0-9] .*api.v1/)
  const page = await open(`/view?code=${codes.good}`)
  const shown = number => page.getByRole('heading', { name: number, exact: true }).waitFor()
  const bills = page.getByRole('navigation', { name: '3 张单据' })
  await shown(numbers[0])
  sure((await bills.getByRole('button').allInnerTexts()).join() === numbers.join(), 'all of them, by their numbers')
  await page.keyboard.press('ArrowRight')
  await shown(numbers[1])
  await bills.getByRole('button', { name: numbers[2] }).click()
  await shown(numbers[2])
  await page.keyboard.press('ArrowRight') // there is none behind it
  await page.keyboard.press('ArrowLeft')
  await shown(numbers[1])
  sure(await bills.locator('[aria-current]').innerText() === numbers[1], 'the one that is shown is marked')
  await axe(page, 'several bills')

  for (const name of ['提交', '退扫', '作废', '锁定', '审核通过']) sure(await page.getByRole('button', { name, exact: true }).count() === 0, `${name} is offered`)
  await page.getByRole('button', { name: '添加文件' }).click()
  await page.getByRole('dialog').getByTestId('files').setInputFiles(`${samples}/paper.jpg`)
  await page.getByText('已上传 1 / 1').waitFor()
  await page.getByRole('button', { name: '完成' }).click()
  await page.getByRole('tab', { name: '影像 1' }).waitFor()
  await page.locator('figure').first().waitFor()
  await shot(page, 'several')
  const answers = await page.evaluate(async other => {
    const { csrf_token, bill_ids } = await (await fetch('/api/v1/session')).json()
    const post = path => fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token }, body: '{}' })
    const all = [await post(`/api/v1/bills/${bill_ids[1]}/submit`), await fetch(`/api/v1/bills/${other}`), await fetch('/api/v1/users'), await fetch(`/api/v1/bills/${other}/timeline`)]
    return { status: all.map(one => one.status).join(), listed: (await (await fetch('/api/v1/bills')).json()).items.map(one => one.number).sort().join() }
  }, foreign)
  sure(answers.status === '403,404,403,404', `what was not named answers ${answers.status}`)
  sure(answers.listed === [...numbers].sort().join(), answers.listed)

  await page.context().clearCookies()
  await page.keyboard.press('ArrowRight')
  await page.getByRole('heading', { name: '查看已结束' }).waitFor()
  await page.getByText('请回到业务系统重新打开影像').waitFor()
  sure(await page.getByText('access_token').count() === 0, 'nobody here knows a token')
  await shot(page, 'ended')

  const told = [['zh', codes.good, '链接已失效', '只能使用一次', '请从业务系统重新打开'], ['en', codes.good, 'This link is no longer valid', 'used already', 'open it from the ERP again'],
                ['zh', codes.old, '链接已失效', '链接已过期', '请从业务系统重新打开'], ['en', codes.old, 'This link is no longer valid', 'has expired', 'Go back to the ERP']]
  const other = await open('/view?code=never-was', { viewport: { width: 390, height: 844 } })
  await other.getByRole('heading', { name: '链接已失效' }).waitFor()
  for (const [i, [lang, code, title, ...says]] of told.entries()) {
    await other.evaluate(to => localStorage.setItem('fpimage.lang', to), lang)
    await other.goto(`${url}/imgsys-web/view?code=${code}`)
    await other.getByRole('heading', { name: title }).waitFor()
    for (const one of says) await other.getByText(one).first().waitFor()
    if (!i) await axe(other, 'a used code')
    await shot(other, `told-${i}`)
  }
}
