// The session ends in the middle of a large upload: the page asks for the password over itself, and nothing is lost.
export default async ({ open, firstSignIn, shot, samples, password, expect, sure, url }) => {
  expect(/401 /)
  const page = await open('/capture')
  await firstSignIn(page)
  await page.getByRole('link', { name: '影像采集' }).click()
  let pieces = 0
  await page.route('**/api/v1/uploads/*', async route => {
    if (route.request().method() === 'PATCH' && ++pieces === 2) await page.context().clearCookies()
    await route.fallback()
  })
  await page.getByTestId('files').setInputFiles(`${samples}/large.pdf`)
  const dialog = page.getByRole('dialog', { name: '登录已过期' })
  await dialog.waitFor()
  await shot(page, 'expired')
  await dialog.getByLabel('密码', { exact: true }).fill(password)
  await dialog.getByRole('button', { name: '登录', exact: true }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.getByText('1 页，1 段').waitFor()
  sure(await page.locator('[data-page]').count() === 1, 'one page, once')
  sure(page.url().startsWith(url + '/imgsys-web/capture/'), 'the page is the same')
  await shot(page, 'goes-on')
}
