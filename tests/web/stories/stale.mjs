// Somebody else changed the bill meanwhile: nothing is overwritten, and the page shows what was changed.
import { execFileSync } from 'node:child_process'

export default async ({ open, firstSignIn, shot, expect, url, bill, change }) => {
  expect(/409 /)
  const page = await open('/bills')
  await firstSignIn(page)
  await page.goto(`${url}/imgsys-web/bills/${bill}`)
  await page.locator('.thumb').nth(2).click()
  execFileSync(change[0], change.slice(1))
  await page.keyboard.press('3')
  const alert = page.getByRole('alert').filter({ hasText: '已被修改' })
  await alert.waitFor()
  await alert.getByText('invoice.xml').first().waitFor()
  await shot(page, 'stale')
  await alert.getByRole('button', { name: '重试' }).click()
  await alert.waitFor({ state: 'hidden' })
  await page.locator('.thumb').nth(2).click()
  await page.keyboard.press('3')
  await page.locator('.thumb').nth(2).getByText('附件').waitFor()
}
