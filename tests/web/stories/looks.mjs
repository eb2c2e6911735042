// Every page: nothing serious for axe, desktop and phone, light and dark, both languages; a picture of each for people.
const PAGES = ['home', 'capture', 'capture/1', 'bills', 'bills/11', 'bills/11/timeline', 'invoices', 'exports', 'cover-rules', 'file-formats',
  'storage', 'account', 'deliveries', 'attachments',
  'users', 'roles', 'organisations', 'scan-points', 'enterprises', 'push-table', 'audit-log', 'bill-types', 'labels', 'settings', 'statistics']

export default async ({ open, firstSignIn, shot, axe, url }) => {
  const page = await open('/login')
  await axe(page, 'login')
  await shot(page, 'login')
  await firstSignIn(page)
  for (const [name, size, look, lang] of [['desktop', { width: 1360, height: 850 }, 'light', 'zh'], ['phone', { width: 390, height: 844 }, 'dark', 'en']]) {
    await page.setViewportSize(size)
    await page.evaluate(([theme, words]) => { localStorage.setItem('fpimage.theme', theme); localStorage.setItem('fpimage.lang', words) }, [look, lang])
    for (const one of PAGES) {
      await page.goto(`${url}/imgsys-web/${one}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.waitForLoadState('networkidle')
      await shot(page, `${name}-${one.replaceAll('/', '-')}`)
      await axe(page, `${one} ${name} ${look}`)
    }
  }
}
