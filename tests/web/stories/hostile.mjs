// Texts that others write (names of files, of people, of types) are shown as they are and never run.
const PAYLOADS = ['<img src=x onerror=alert(1)>', '"><script>alert(2)</script>', "javascript:alert(3)//", '{{7*7}}${7*7}', '\u202Egnp.exe']

export default async ({ open, firstSignIn, sure, expect, bill, url, samples }) => {
  expect(/404 .*\/nowhere/)
  const page = await open('/bills')
  await firstSignIn(page)
  await page.goto(`${url}/imgsys-web/bills/${bill}`)
  await page.getByRole('button', { name: '添加文件' }).click()
  const { readFileSync } = await import('node:fs')
  const body = readFileSync(`${samples}/invoice.pdf`)
  await page.getByTestId('files').setInputFiles(PAYLOADS.map((name, i) => ({ name: name.replaceAll('/', '|') + i + '.pdf', mimeType: 'application/pdf', buffer: Buffer.concat([body, Buffer.from(`\n%${i}`)]) })))
  await page.getByText(`已上传 ${PAYLOADS.length} / ${PAYLOADS.length}`).waitFor()
  await page.getByRole('button', { name: '完成' }).click()
  for (const path of [`/bills/${bill}`, `/bills/${bill}/timeline`, '/bills', '/home', '/invoices', `/bills?q=${encodeURIComponent(PAYLOADS[0])}`,
                      `/login?domain=${encodeURIComponent(PAYLOADS[1])}`, `/nowhere/${encodeURIComponent(PAYLOADS[0])}`]) {
    await page.goto(`${url}/imgsys-web${path}`)
    await page.waitForLoadState('networkidle')
    sure(await page.locator('img[src="x"], [onerror]').count() === 0, `markup of others came alive on ${path}`)
  }
  await page.goto(`${url}/imgsys-web/bills/${bill}`)
  await page.getByText('<b>张三</b>').first().waitFor()
}
