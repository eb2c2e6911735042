// Runs one story in Chromium. stdin: facts as JSON; stdout: what the story gives back. Whatever the story does, no request
// may leave the server, no script may break, and the content policy may not be hurt.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const web = fileURLToPath(new URL('../../mod_fpimage/web/package.json', import.meta.url))
const { chromium } = createRequire(web)('playwright-core')
const axeSource = readFileSync(createRequire(web).resolve('axe-core/axe.min.js'), 'utf8')

const facts = JSON.parse(readFileSync(0, 'utf8'))
const { default: story } = await import(`./stories/${process.argv[2]}.mjs`)
const complaints = []
const expected = [/401 .*\/api\/v1\/session/] // nobody is signed in yet
const reported = new Set()
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
               '--disable-component-update', '--disable-sync']

function watch(page) {
  page.on('request', request => {
    const url = request.url()
    if (!url.startsWith(facts.url + '/') && !/^(data|blob):/.test(url)) complaints.push(`a request left the server: ${url}`)
  })
  page.on('pageerror', error => complaints.push(`a script broke: ${error.stack ?? error.message}`))
  page.on('dialog', dialog => { complaints.push(`a dialog opened: ${dialog.message()}`); void dialog.dismiss() })
  page.on('console', message => {
    if (!['error', 'warning'].includes(message.type())) return
    const text = `${message.text()} ${message.location().url ?? ''}`
    if (!expected.some(one => one.test(text))) complaints.push(`console: ${text}`)
  })
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS })

const kit = {
  ...facts,
  /** Failures that the story provokes, as Chromium writes them on its console. */
  expect: pattern => expected.push(pattern),
  async open(path, options = {}) {
    const context = await browser.newContext({ viewport: { width: 1360, height: 850 }, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', acceptDownloads: true, reducedMotion: 'reduce', ...options })
    context.setDefaultTimeout(60_000)
    const page = await context.newPage()
    watch(page)
    await page.goto(facts.url + '/imgsys-web' + path)
    return page
  },
  shot: (page, name) => page.screenshot({ path: `${facts.shots}/${name}.png` }),
  async signIn(page, login, password) {
    await page.getByLabel('手机号或账号').fill(login)
    await page.getByLabel('密码', { exact: true }).fill(password)
    await page.getByRole('button', { name: '登录', exact: true }).click()
  },
  /** The first administrator, past the change of the one-time password. */
  async firstSignIn(page) {
    await kit.signIn(page, facts.login, facts.first)
    await page.getByLabel('当前密码').fill(facts.first)
    await page.getByLabel('新密码', { exact: true }).fill(facts.password)
    await page.getByLabel('再次输入新密码').fill(facts.password)
    await page.getByRole('button', { name: '保存新密码' }).click()
    await page.getByRole('navigation', { name: '主菜单' }).waitFor()
  },
  /** Whoever is signed in scans at a point of his own: without one nothing may be submitted. */
  async bind(page) {
    const status = await page.evaluate(async () => {
      const { user, csrf_token } = await (await fetch('/api/v1/session')).json()
      const send = (method, path, body) => fetch(path, { method, headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token }, body: body && JSON.stringify(body) })
      const point = await (await send('POST', '/api/v1/scan-points', { name: '一楼扫描点' })).json()
      return (await send('PUT', `/api/v1/scan-points/${point.scan_point_id}/scanners/${user.user_id}`)).status
    })
    if (status !== 200) throw new Error(`the scanner could not be bound: ${status}`)
  },
  /** `rules` instead of all of WCAG A and AA. */
  async axe(page, name, rules) {
    if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(axeSource)
    const found = await page.evaluate(said => window.axe.run(document, { runOnly: said ?? ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], resultTypes: ['violations'] }), rules)
    for (const one of found.violations) {
      if (one.nodes.every(node => reported.has(one.id + node.html))) continue
      one.nodes.forEach(node => reported.add(one.id + node.html))
      if (one.impact !== 'serious' && one.impact !== 'critical') continue
      complaints.push(`axe, ${name}: ${one.id}: ${one.help}\n` + one.nodes.slice(0, 4).map(node => `  ${node.html.slice(0, 200)}\n  ${node.failureSummary}`).join('\n'))
    }
  },
  sure(value, text) { if (!value) throw new Error(text) },
}

let given
try {
  given = await story(kit)
} catch (bad) {
  complaints.unshift(bad.stack ?? String(bad))
  for (const [i, page] of browser.contexts().flatMap(one => one.pages()).entries()) {
    await page.screenshot({ path: `${facts.shots}/failed-${i}.png` }).catch(() => undefined)
  }
}
await browser.close()
if (complaints.length) {
  process.stderr.write(complaints.slice(0, 30).join('\n') + '\n')
  process.exit(1)
}
process.stdout.write(JSON.stringify(given ?? {}))
