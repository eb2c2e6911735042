// A picture of each page: desktop and phone, light and dark, both languages. Nothing is held here: people look at them.
const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } }
const VARIANTS = [['desktop', 'light', 'zh'], ['desktop', 'dark', 'en'], ['phone', 'light', 'en'], ['phone', 'dark', 'zh']]

const pagesOf = ({ bills, capture }) => [
  'home', 'capture', `capture/${capture}`, 'bills', 'bills?q=NOTHING-LIKE-IT', `bills/${bills['BX-2026-0007']}`, `bills/${bills['BX-2026-0050']}`,
  `bills/${bills['BX-2026-1002']}/timeline`, `bills/${bills['FK-2026-0001']}/match`, `bills/${bills['FK-2026-0001']}`, 'bills/99999', 'invoices', 'attachments', 'exports',
  'pushes', 'deliveries', 'statistics', 'users', 'roles', 'organisations', 'scan-points', 'scanners', 'cover-rules', 'file-formats', 'bill-types', 'labels', 'settings',
  'enterprises', 'push-table', 'business-systems', 'storage', 'audit-log', 'journal', 'doctor', 'account', 'nowhere',
]

/** What opens over a page: the dialogs. */
const dialogs = {
  'users-new': ['users', page => page.locator('.page-actions .ant-btn-primary').click()],
  'users-grants': ['users', page => page.locator('td .ant-btn-link').first().click()],
  'scan-points-bind': ['scan-points', page => page.locator('td .ant-btn-link').first().click()],
  'roles-new': ['roles', page => page.locator('.page-actions .ant-btn-primary').click()],
  'enterprises-new': ['enterprises', page => page.locator('.page-actions .ant-btn-primary').click()],
  'users-import': ['users', page => page.locator('.page-actions .ant-btn').first().click()],
  'users-why': ['users', page => page.locator('.row-acts .ant-btn').filter({ hasText: /权限说明|Why/ }).first().click()],
  'enterprises-import': ['enterprises', page => page.locator('.page-actions .ant-btn').first().click()],
  'business-systems-new': ['business-systems', page => page.locator('.page-actions .ant-btn-primary').click()],
  'business-systems-people': ['business-systems', async page => {
    await page.locator('.row-acts .ant-btn').filter({ hasText: /同步组织|Take people/ }).click()
    await page.getByRole('dialog').locator('.ant-btn-primary').click()
    await page.getByTestId('people-sync').getByText(/已完成|done/).waitFor()
  }],
  'capture-phone': ['capture', async page => { await page.locator('.desk-only').click(); await page.locator('.qr svg').waitFor() }],
  'organisations-move': ['organisations', page => page.locator('.row-acts .ant-btn').filter({ hasText: /移动|Move/ }).nth(1).click()],
  'cover-rules-new': ['cover-rules', page => page.locator('.page-actions .ant-btn-primary').click()],
}

export default async kit => {
  kit.expect(/40[149] |422 /)
  const { open, login, password, shot, url, only } = kit
  const wider = []
  for (const [size, look, lang] of VARIANTS) {
    const name = `${size}-${look}-${lang}`
    const isWanted = one => !only || new RegExp(only).test(`${name}/${one}`)
    const page = await open('/login', { viewport: SIZES[size], isMobile: size === 'phone', hasTouch: size === 'phone' })
    await page.evaluate(([theme, words]) => { localStorage.setItem('fpimage.theme', theme); localStorage.setItem('fpimage.lang', words) }, [look, lang])
    await page.reload()
    if (isWanted('login')) await shot(page, `${name}/login`)
    if (isWanted('login-unknown')) { await page.goto(`${url}/imgsys-web/login?domain=nowhere.example`); await page.waitForLoadState('networkidle'); await shot(page, `${name}/login-unknown`) }
    await page.evaluate(async ([who, secret]) => { await fetch('/api/v1/session', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ login: who, password: secret }) }) }, [login, password])
    const see = async (path, as, then) => {
      if (!isWanted(as)) return
      await page.goto(`${url}/imgsys-web/${path}`)
      await page.waitForLoadState('networkidle')
      if (then) { await then(page); await page.waitForLoadState('networkidle'); await page.waitForTimeout(200) }
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      if (wide > 0) wider.push(`${name}/${as} is ${wide} px too wide`)
      await shot(page, `${name}/${as}`)
      if (await page.evaluate(() => document.documentElement.scrollHeight > window.innerHeight * 1.1)) await page.screenshot({ path: `${kit.shots}/${name}/${as}-whole.png`, fullPage: true })
    }
    for (const one of pagesOf(kit)) await see(one, one.replaceAll(/[/?=]/g, '-'))
    for (const [as, [path, act]] of Object.entries(dialogs)) if (size === 'desktop' || as !== 'capture-phone') await see(path, as, act)
    if (isWanted('view')) {
      await page.goto(kit.addresses.pop())
      await page.waitForLoadState('networkidle')
      await shot(page, `${name}/view`)
      await page.screenshot({ path: `${kit.shots}/${name}/view-whole.png`, fullPage: true })
      for (const tab of [1, 2]) {
        await page.getByRole('tab').nth(tab).click()
        await page.waitForLoadState('networkidle')
        await shot(page, `${name}/view-${tab}`)
      }
      await page.goto(kit.several.pop())
      await page.waitForLoadState('networkidle')
      await shot(page, `${name}/view-several`)
      await page.context().clearCookies()
      await page.keyboard.press('ArrowRight')
      await page.waitForLoadState('networkidle')
      await shot(page, `${name}/view-ended`)
    }
    await page.context().close()
  }
  return { wider }
}
