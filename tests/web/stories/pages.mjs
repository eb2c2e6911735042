// Every page of a store whose texts attack it: nothing of them comes alive, nothing is wider than a phone, and axe finds nothing
// serious, light and dark, in both languages.
const ALIVE = 'img[src="x"], svg[onload], body iframe, object, embed, [onerror], [onload], [onclick], [onfocus], [onmouseover], a[href^="javascript:" i], a[href^="data:" i], a[href^="//"], base, form[action]'
const OTHERS = /^(?!https?:\/\/127\.0\.0\.1)/

const addresses = ({ bills, capture, payloads }) => [
  'home', 'capture', `capture/${capture}`, 'bills', 'bills?q=NOTHING-LIKE-IT', `bills/${bills['BX-2026-0007']}`, `bills/${bills['BX-2026-0050']}`, `bills/${bills['BX-2026-1002']}/timeline`,
  `bills/${bills['FK-2026-0001']}/match`, `bills/${bills['FK-2026-0001']}`, 'invoices', 'attachments', 'exports', 'pushes', 'deliveries', 'statistics', 'statistics?by=ORG', 'users', 'roles', 'organisations',
  'scan-points', 'scanners', 'cover-rules', 'file-formats', 'bill-types', 'labels', 'settings', 'enterprises', 'push-table', 'business-systems', 'storage', 'audit-log', 'journal', 'doctor', 'account',
  ...payloads.slice(0, 2).map(one => `bills?q=${encodeURIComponent(one)}`), `nowhere/${encodeURIComponent(payloads[0])}`,
]

const isStill = () => !document.getAnimations().length && !document.querySelector('[aria-busy="true"], .ant-btn-loading') && !/正在加载|正在检查|Loading…|Looking at/.test(document.body.innerText) && !!document.querySelector('h1, [role="alert"]')

async function sign(page, login, password) {
  await page.evaluate(async ([who, secret]) => {
    await fetch('/api/v1/session', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ login: who, password: secret }) })
  }, [login, password])
}

export default async kit => {
  const { open, axe, url, login, password, payloads, address, sure, expect } = kit
  expect(/40[04] .*(nowhere|imgsys-web|api.v1.tenant)/)
  const page = await open(`/login?domain=${encodeURIComponent(payloads[0])}`, { viewport: { width: 1440, height: 900 } })
  await axe(page, 'login')
  await sign(page, login, password)
  await page.goto(`${url}/imgsys-web/home`)
  const settle = async name => {
    await page.waitForFunction(isStill)
    const found = await page.evaluate(what => [...document.querySelectorAll(what)].map(one => one.outerHTML.slice(0, 200)), ALIVE)
    sure(found.length === 0, `markup of others came alive on ${name}: ${found}`)
    const links = await page.evaluate(() => [...document.querySelectorAll('a[href]')].map(one => one.href))
    sure(links.every(one => !OTHERS.test(one)), `a link leaves the server on ${name}: ${links.filter(one => OTHERS.test(one))}`)
  }
  const look = async () => page.locator('.bar-end button').nth(1).click()
  let shown = 0
  for (const one of addresses(kit)) {
    await page.evaluate(to => { history.pushState(null, '', '/imgsys-web/' + to); dispatchEvent(new PopStateEvent('popstate')) }, one)
    await page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))))
    await settle(one)
    shown += await page.evaluate(texts => texts.filter(text => document.body.innerText.includes(text)).length, payloads)
    await axe(page, `${one}, light`)
    await page.setViewportSize({ width: 390, height: 844 })
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    sure(wide <= 0, `${one} is ${wide} px wider than a phone`)
    await page.setViewportSize({ width: 1440, height: 900 })
    await look()
    await axe(page, `${one}, dark`, ['color-contrast'])
    await look()
  }
  sure(shown > 40, `texts of others are shown as they are, only ${shown} were seen`)
  await page.goto(address)
  await page.getByRole('heading', { level: 1 }).waitFor()
  for (const tab of [0, 1, 2]) {
    await page.getByRole('tab').nth(tab).click()
    await settle(`view ${tab}`)
  }
  return { shown }
}
