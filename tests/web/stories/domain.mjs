// The login page of a tenant: its name, kept over a load and the end of a session; an unknown one is told; and whatever an address
// carries, nobody is led to another site.
const TRAPS = '?domain=EAST.example&next=//evil.test/&redirect=https://evil.test&return_to=javascript:alert(1)&url=%2F%2Fevil.test#//evil.test'
const ADDRESSES = ['//evil.test', '/%2F%2Fevil.test', '/\\evil.test', '/login/javascript:alert(1)', '/bills/%E4%B8']

export default async ({ open, signIn, shot, axe, expect, sure, url, first, password, tenant, login }) => {
  expect(/40[0-9] /)
  const page = await open('/login' + TRAPS)
  const isHere = what => sure(page.url().startsWith(url + '/imgsys-web/'), `${what} leads to ${page.url()}`)
  await page.getByText(tenant, { exact: true }).waitFor()
  await axe(page, 'the login of a tenant')
  await shot(page, 'login')
  await page.reload()
  await page.getByText(tenant, { exact: true }).waitFor()
  await signIn(page, login, first)
  await page.getByLabel('当前密码').fill(first)
  await page.getByLabel('新密码', { exact: true }).fill(password)
  await page.getByLabel('再次输入新密码').fill(password)
  await page.getByRole('button', { name: '保存新密码' }).click()
  await page.getByRole('banner').getByText(tenant).waitFor()
  await page.waitForURL(url + '/imgsys-web/home')

  await page.getByRole('link', { name: '用户', exact: true }).click()
  await page.getByRole('heading', { name: '用户', level: 1 }).waitFor()
  await page.context().clearCookies()
  await page.getByRole('link', { name: '角色', exact: true }).click()
  const over = page.getByRole('dialog', { name: '登录已过期' })
  await over.getByLabel('密码', { exact: true }).fill(password)
  await over.getByRole('button', { name: '登录', exact: true }).click()
  await over.waitFor({ state: 'hidden' })
  await page.getByRole('cell', { name: '系统管理员' }).waitFor()
  sure(page.url() === url + '/imgsys-web/roles', `it goes on at ${page.url()}`)

  for (const one of ADDRESSES) {
    await page.goto(`${url}/imgsys-web${one}`)
    await page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))))
    isHere(one)
  }
  await page.context().clearCookies()
  await page.goto(`${url}/imgsys-web/bills?q=A-1&next=//evil.test#//evil.test`) // a link that somebody sent
  await page.getByText(tenant, { exact: true }).waitFor()
  await signIn(page, login, password)
  await page.getByRole('heading', { name: '影像单据', level: 1 }).waitFor()
  sure(new URL(page.url()).pathname === '/imgsys-web/bills' && new URL(page.url()).searchParams.get('q') === 'A-1', `it leads to ${page.url()}`)
  await page.getByRole('button', { name: login }).click()
  await page.getByRole('menuitem', { name: '退出登录' }).click()
  await page.waitForURL(`${url}/imgsys-web/login?domain=east.example`)
  await page.getByText(tenant, { exact: true }).waitFor()

  const lost = await open('/login?domain=nowhere.example')
  await lost.getByText('没有标识为“nowhere.example”的租户').waitFor()
  await lost.getByText('请核对登录地址').first().waitFor()
  await axe(lost, 'an unknown tenant')
  await shot(lost, 'unknown')
  await lost.getByLabel('租户标识（单租户可不填）').fill('east.example')
  await lost.keyboard.press('Tab')
  await lost.getByText(tenant, { exact: true }).waitFor()
  sure(lost.url().endsWith('/login?domain=east.example'), lost.url())
  await lost.goto(`${url}/imgsys-web/login?domain=nowhere.example`)
  await lost.getByRole('button', { name: 'English' }).click()
  await lost.getByText('There is no tenant “nowhere.example”').waitFor()
  await shot(lost, 'unknown-en')
}
