// A push that was given up and a notice that the ERP refused: home counts both, the reasons are told, and both are repeated here.
export default async ({ open, signIn, shot, login, password, push, notice, reason, why, again }) => {
  const { execFileSync } = await import('node:child_process')
  const page = await open('/home')
  await signIn(page, login, password)
  await page.getByRole('navigation', { name: '主菜单' }).getByRole('link', { name: '收票推送' }).click()
  const pushed = page.getByRole('row').filter({ hasText: push })
  await pushed.getByText('已搁置').waitFor()
  await pushed.getByText(reason).waitFor()
  await shot(page, 'pushes')
  execFileSync(again[0], again.slice(1)) // the cause is removed
  await pushed.getByRole('button', { name: '重放' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '确定' }).click()
  await page.getByText('已完成').first().waitFor()
  await pushed.getByText('已完成').waitFor()
  await pushed.getByRole('link', { name: push }).click()
  await page.getByRole('heading', { name: push, level: 1 }).waitFor()
  await page.locator('.thumb').first().waitFor()
  await page.getByRole('tab', { name: '时间线' }).click()
  await page.getByText('已人工重放').waitFor()

  await page.getByRole('navigation', { name: '主菜单' }).getByRole('link', { name: '首页' }).click()
  const card = page.getByRole('link', { name: /1\s*ERP 通知搁置/ })
  await card.waitFor()
  await card.click()
  const told = page.getByRole('row').filter({ hasText: notice })
  await told.getByText(why).waitFor()
  await shot(page, 'deliveries')
  await told.getByRole('button', { name: '重发' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '确定' }).click()
  await told.waitFor({ state: 'hidden' }) // it is parked no more
  await page.getByRole('button', { name: '清除条件' }).click()
  await page.getByRole('row').filter({ hasText: notice }).getByText('已送达').waitFor() // the list follows by itself
  await shot(page, 'told')
}
