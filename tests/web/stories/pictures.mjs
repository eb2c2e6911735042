// A picture of each page: desktop and phone, light and dark, both languages, with work in it and in its unhappy states. Nothing is
// held here: people look at them.
const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } }
const FEW = ['desktop-light-zh', 'desktop-dark-en', 'phone-light-en', 'phone-dark-zh']
/** Most of the time is spent waiting until nothing moves. */
const LANES = 4
const ALL = Object.keys(SIZES).flatMap(size => ['light', 'dark'].flatMap(look => ['zh', 'en'].map(lang => `${size}-${look}-${lang}`)))

const pagesOf = ({ bills, capture }) => [
  'home', 'capture', `capture/${capture}`, 'bills', 'bills?q=NOTHING-LIKE-IT', `bills/${bills['BX-2026-0007']}`, `bills/${bills['BX-2026-0050']}`,
  `bills/${bills['BX-2026-1002']}/timeline`, `bills/${bills['FK-2026-0001']}/match`, `bills/${bills['FK-2026-0001']}`, 'bills/99999', 'invoices', 'attachments', 'exports',
  'pushes', 'deliveries', 'statistics', 'users', 'roles', 'organisations', 'scan-points', 'scanners', 'cover-rules', 'file-formats', 'bill-types', 'labels', 'settings',
  'enterprises', 'push-table', 'business-systems', 'storage', 'audit-log', 'journal', 'doctor', 'account', 'nowhere',
]

/** What a server does once at a time. */
let last = Promise.resolve()
const inTurn = run => { last = last.catch(() => undefined).then(run); return last }

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
  'business-systems-people': ['business-systems', page => inTurn(async () => {
    await page.locator('.row-acts .ant-btn').filter({ hasText: /同步组织|Take people/ }).click()
    await page.getByRole('dialog').locator('.ant-btn-primary').click()
    await page.getByTestId('people-sync').getByText(/已完成|done/).waitFor()
  })],
  'capture-phone': ['capture', async page => { await page.locator('.desk-only').click(); await page.locator('.qr svg').waitFor() }],
  'organisations-move': ['organisations', page => page.locator('.row-acts .ant-btn').filter({ hasText: /移动|Move/ }).nth(1).click()],
  'cover-rules-new': ['cover-rules', page => page.locator('.page-actions .ant-btn-primary').click()],
}

/** What a server says that is in trouble; `null` is one that does not answer. */
const troubles = {
  'failing-503': { status: 503, zh: '存储暂时不可用，没有任何改动，请稍后重试', en: 'the store is not available; nothing was changed, repeat later' },
  'failing-500': { status: 500, zh: '内部错误，没有任何改动', en: 'our fault; nothing was changed' },
  'failing-offline': null,
}
const said = ({ status, ...words }, lang) => ({ status, contentType: 'application/json', body: JSON.stringify({ error: { code: 'internal', message: words[lang], type: 'internal', request_id: '0af7651916cd43dd8448eb211c80319c' } }) })

export default async kit => {
  kit.expect(/40[1349] |422 |50[03] |ERR_FAILED/)
  const { open, login, password, shot, url, only, bills, capture } = kit
  const variants = kit.all ? ALL : FEW
  const wider = []
  const isWanted = (name, one) => !only || new RegExp(only).test(`${name}/${one}`)
  const partsOf = name => { const [size, look, lang] = name.split('-'); return { size, look, lang } }

  const enter = async name => {
    const { size, look, lang } = partsOf(name)
    const page = await open('/login', { viewport: SIZES[size], isMobile: size === 'phone', hasTouch: size === 'phone' })
    await page.evaluate(([theme, words]) => { localStorage.setItem('fpimage.theme', theme); localStorage.setItem('fpimage.lang', words) }, [look, lang])
    await page.reload()
    return page
  }
  const signIn = (page, who, secret, domain) => page.evaluate(async body => {
    await fetch('/api/v1/session', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
  }, { login: who, password: secret, domain })
  const take = async (page, name, as) => {
    await page.waitForFunction(() => document.querySelector('[role=dialog] input[type=password]') || !/正在加载|Loading…/.test(document.body.innerText)) // behind the dialog of an ended session all waits
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    if (wide > 0) wider.push(`${name}/${as} is ${wide} px too wide`)
    await shot(page, `${name}/${as}`)
    if (await page.evaluate(() => document.documentElement.scrollHeight > window.innerHeight * 1.1)) await page.screenshot({ path: `${kit.shots}/${name}/${as}-whole.png`, fullPage: true })
  }
  const see = async (page, name, path, as, then) => {
    if (isWanted(name, as)) await (path === 'doctor' ? inTurn(() => show(page, name, path, as, then)) : show(page, name, path, as, then))
  }
  const show = async (page, name, path, as, then) => {
    await page.goto(`${url}/imgsys-web/${path}`)
    await page.waitForLoadState('networkidle')
    if (then) { await then(page); await page.waitForLoadState('networkidle'); await page.waitForTimeout(200) }
    await take(page, name, as)
  }

  /** By an address of the ERP, which is good for some minutes only. */
  const view = async name => {
    if (!isWanted(name, 'view')) return
    const page = await enter(name)
    await page.goto(kit.addresses.pop())
    await page.waitForLoadState('networkidle')
    await take(page, name, 'view')
    for (const tab of [1, 2]) {
      await page.getByRole('tab').nth(tab).click()
      await page.waitForLoadState('networkidle')
      await take(page, name, `view-${tab}`)
    }
    await page.goto(kit.several.pop())
    await page.waitForLoadState('networkidle')
    await shot(page, `${name}/view-several`)
    await page.context().clearCookies()
    await page.keyboard.press('ArrowRight')
    await page.waitForLoadState('networkidle')
    await shot(page, `${name}/view-ended`)
    await page.context().close()
  }

  const work = async name => {
    const page = await enter(name)
    const { size } = partsOf(name)
    if (isWanted(name, 'login')) await shot(page, `${name}/login`)
    await see(page, name, 'login?domain=nowhere.example', 'login-unknown')
    await signIn(page, login, password)
    for (const one of pagesOf(kit)) await see(page, name, one, one.replaceAll(/[/?=]/g, '-'))
    for (const [as, [path, act]] of Object.entries(dialogs)) if (size === 'desktop' || as !== 'capture-phone') await see(page, name, path, as, act)
    const printed = { 'timeline': `bills/${bills['BX-2026-1002']}/timeline`, 'bill': `bills/${bills['BX-2026-0007']}`, 'match': `bills/${bills['FK-2026-0001']}/match`, 'bills': 'bills' }
    if (size === 'desktop') {
      for (const [as, path] of Object.entries(printed)) {
        await see(page, name, path, `print-${as}`, async () => { await page.emulateMedia({ media: 'print' }); await page.setViewportSize({ width: 718, height: 1015 }) })
        await page.emulateMedia({ media: 'screen' })
        await page.setViewportSize(SIZES.desktop)
      }
    }
    await page.context().close()
  }

  /** Nothing is there yet; nothing is allowed; the server is in trouble; the session has ended. */
  const unhappy = async name => {
    if (kit.empty) {
      const page = await enter(name)
      await signIn(page, kit.empty.login, kit.empty.password, kit.empty.domain)
      for (const one of ['home', 'capture', 'bills', 'invoices', 'attachments', 'exports', 'pushes', 'deliveries', 'statistics', 'users', 'organisations', 'scan-points', 'scanners', 'cover-rules', 'bill-types', 'labels',
        'enterprises', 'push-table', 'business-systems', 'storage', 'audit-log', 'journal']) await see(page, name, one, `empty-${one}`)
      await page.context().close()
    }
    const clerk = await enter(name)
    await signIn(clerk, kit.clerk.login, kit.clerk.password)
    for (const one of ['home', 'users', 'settings', 'audit-log', 'bills', `bills/${bills['BX-2026-1001']}`, 'scan-points']) await see(clerk, name, one, `clerk-${one.replace(/\d+$/, '').replace('/', '-one')}`)
    await clerk.context().close()
    const page = await enter(name)
    await signIn(page, login, password)
    for (const [as, answer] of Object.entries(troubles)) {
      for (const one of as === 'failing-503' ? ['home', 'bills', `bills/${bills['BX-2026-0007']}`, 'capture', `capture/${capture}`, 'settings', 'doctor', 'statistics'] : ['bills', 'home']) {
        await see(page, name, 'account', `${as}-${one.replaceAll(/\/\d+$/g, '-one')}`, async () => {
          await page.route(/\/api\/v1\/(?!session|sign)/, route => answer ? route.fulfill(said(answer, partsOf(name).lang)) : route.abort())
          await page.evaluate(to => { history.pushState(null, '', to); window.dispatchEvent(new PopStateEvent('popstate')) }, `/imgsys-web/${one}`)
          await page.getByRole('alert').first().waitFor()
        })
        await page.unrouteAll({ behavior: 'ignoreErrors' })
      }
    }
    await see(page, name, 'bills', 'expired', async () => {
      await page.context().clearCookies()
      await page.evaluate(() => { history.pushState(null, '', '/imgsys-web/invoices'); window.dispatchEvent(new PopStateEvent('popstate')) })
      await page.getByRole('dialog').waitFor()
    })
    await page.context().close()
  }

  const each = async run => { const left = [...variants]; await Promise.all(Array.from({ length: LANES }, async () => { while (left.length) await run(left.shift()) })) }
  await each(view)
  await each(work)
  await each(unhappy)
  return { wider }
}
