// One cookie for all tabs: a page whose session was replaced stops and says so, and goes on when it is back; signing out is only
// told when it was done.
export default async ({ open, signIn, shot, expect, sure, login, password, clerk, address, url }) => {
  expect(/403 .*api.v1/)
  expect(/ERR_INTERNET_DISCONNECTED/)
  const page = await open('/home')
  await signIn(page, login, password)
  const who = page.locator('.bar .who')
  await who.waitFor()
  const tab = await page.context().newPage()
  await tab.goto(`${url}/imgsys-web/icon.svg`)
  const become = (name, secret) => tab.evaluate(async body => (await fetch('/api/v1/session', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })).status, JSON.stringify({ login: name, password: secret }))
  const dialog = page.getByRole('dialog', { name: '本页的登录已被替换' })
  const ok = () => dialog.getByRole('button', { name: '确定' }).click()

  /* the same person once more: nobody notices */
  sure(await become(login, password) === 200, 'a second session')
  await page.getByRole('link', { name: '影像单据' }).click()
  await page.getByRole('link', { name: 'S-1' }).waitFor()
  sure(await dialog.count() === 0, 'the same person')

  /* somebody else: nothing of his is shown; back again, nothing is lost */
  await become(clerk.login, clerk.password)
  await page.getByLabel('查找').fill('S-1')
  await dialog.getByText(`账号“${clerk.name}”`).waitFor()
  await page.bringToFront()
  await shot(page, 'another')
  await become(login, password)
  await ok()
  await dialog.waitFor({ state: 'hidden' })
  await page.getByRole('link', { name: 'S-1' }).waitFor()
  sure(await page.getByLabel('查找').inputValue() === 'S-1', 'what was typed is there')
  await become(clerk.login, clerk.password)
  await page.getByRole('link', { name: '首页', exact: true }).click()
  await dialog.waitFor()
  await ok()
  await who.filter({ hasText: clerk.name }).waitFor()

  /* a link of the ERP */
  await tab.goto(url + '/imgsys-web' + address.replace(/^.*imgsys-web/, ''))
  await tab.getByRole('heading', { name: 'S-1' }).waitFor()
  await page.getByRole('link', { name: '影像单据' }).click()
  await dialog.getByText('业务系统的影像链接').waitFor()
  await shot(page, 'link')
  await ok()
  await signIn(page, login, password)
  await who.filter({ hasText: login }).waitFor()
  await tab.getByRole('tab', { name: '时间线' }).click()
  await tab.getByRole('dialog', { name: '本页的登录已被替换' }).getByText(`账号“${login}”`).waitFor()
  await tab.close()

  const leave = async () => { await who.click(); await page.getByRole('menuitem', { name: '退出登录' }).click() }
  await page.context().setOffline(true)
  await leave()
  await page.getByRole('dialog', { name: '未能退出登录' }).waitFor()
  await shot(page, 'not-out')
  await page.context().setOffline(false)
  await page.getByRole('dialog').getByRole('button').click()
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await who.waitFor()
  await leave()
  await page.getByLabel('手机号或账号').waitFor()
}
