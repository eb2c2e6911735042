// A day means all of it, in the reader's zone; an export holds what is seen.
export default async ({ open, signIn, shot, sure, login, password, day, inside }) => {
  const page = await open('/bills')
  await signIn(page, login, password)
  const numbers = () => page.locator('tbody td.main').allInnerTexts()
  const shown = async wanted => {
    await page.waitForFunction(all => [...document.querySelectorAll('tbody td.main')].map(one => one.innerText.trim()).sort().join() === all, [...wanted].sort().join(),
      { timeout: 15_000 }).catch(async () => { throw new Error(`the list shows ${await numbers()}, not ${wanted}`) })
  }
  await page.getByRole('link', { name: '影像单据' }).click()
  await page.getByLabel('创建自').fill(day)
  await page.getByLabel('创建至').fill(day)
  await shown(inside)
  await shot(page, 'a-day')
  const make = async () => {
    await page.getByRole('button', { name: '导出清单' }).click()
    await page.getByRole('dialog').getByRole('button', { name: '确定' }).click()
    await page.getByRole('heading', { name: '导出任务' }).waitFor()
    await page.goBack()
  }
  await make()
  await shown(inside)

  /* what was ticked goes with the filter that showed it */
  await page.getByRole('checkbox', { name: '全选本页' }).check()
  await page.getByText('已选 2 张').waitFor()
  await page.getByLabel('查找').fill('D-3')
  await page.getByLabel('创建自').fill('')
  await page.getByLabel('创建至').fill('')
  await shown(['D-3'])
  sure(await page.getByText(/已选 \d+ 张/).count() === 0, 'nothing is chosen that is not seen')
  await make()
}
