// Bills are found in whatever width and case their numbers are typed, by type and by organisation; the organisation that decides
// who sees a bill is the one that is shown.
export default async ({ open, signIn, shot, axe, login, password, both }) => {
  const page = await open('/bills')
  await signIn(page, login, password)
  await page.getByRole('link', { name: '影像单据' }).click()
  const shown = async wanted => {
    await page.waitForFunction(all => [...document.querySelectorAll('tbody td.main')].map(one => one.innerText.trim()).sort().join() === all, [...wanted].sort().join(), { timeout: 15_000 })
      .catch(async () => { throw new Error(`the list shows ${await page.locator('tbody td.main').allInnerTexts()}, not ${wanted}`) })
  }
  for (const [typed, wanted] of [['BX－2026－1', both.slice(0, 1)], ['no-bx-2026-2', both.slice(1)], ['ｂｘ－２０２６', both], ['nothing', []]]) {
    await page.getByLabel('查找').fill(typed)
    await shown(wanted)
  }
  await page.getByLabel('查找').fill('')
  await shown(both)
  await page.getByText('虚构红枫集团有限公司（申请组织：华东区域）').waitFor()
  const choose = async (field, option) => { await page.getByLabel(field, { exact: true }).click(); await page.getByTitle(option, { exact: true }).click() }
  await choose('单据类型', '对公付款申请单')
  await shown(both.slice(1))
  await axe(page, 'filters')
  await shot(page, 'filters')
  await page.getByRole('button', { name: '清除条件' }).click()
  await shown(both)
  await choose('组织', '虚构红枫集团有限公司')
  await shown(both.slice(0, 1))
}
