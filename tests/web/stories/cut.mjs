// The network is gone for a while in the middle of a large file: it goes on by itself where it stopped.
export default async ({ open, firstSignIn, shot, expect, sure, samples }) => {
  expect(/ERR_INTERNET_DISCONNECTED/)
  const page = await open('/capture')
  await firstSignIn(page)
  await page.getByRole('link', { name: '影像采集' }).click()
  const offsets = []
  await page.route('**/api/v1/uploads/*', async route => {
    if (route.request().method() === 'PATCH') {
      offsets.push(Number(route.request().headers()['upload-offset']))
      if (offsets.length === 2) {
        await page.context().setOffline(true)
        setTimeout(() => page.context().setOffline(false), 2500)
      }
    }
    await route.fallback()
  })
  await page.getByTestId('files').setInputFiles(`${samples}/large.pdf`)
  await page.getByText('连接中断，稍后自动继续').or(page.getByText(/第 \d 次尝试/)).first().waitFor()
  await shot(page, 'cut')
  await page.getByText('1 页，1 段').waitFor()
  sure(offsets.filter(one => one === 0).length === 1, `it began anew: ${offsets}`)
}
