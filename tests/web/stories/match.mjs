// A bill that does not match: home counts it, the match page says what differs; the sum that was misread is corrected beside its
// picture, the invoice whose number was misread is paired by a suggestion, and the bill goes out by itself.
export default async ({ open, signIn, shot, axe, login, password, number, wrong, right, sure }) => {
  const page = await open('/home')
  await signIn(page, login, password)
  await page.getByRole('link', { name: /1\s*匹配失败/ }).click()
  await page.getByRole('link', { name: number }).click()
  await page.getByRole('button', { name: '匹配结果' }).click()
  const table = page.getByRole('table', { name: '匹配结果' })
  const differing = table.getByRole('row').filter({ hasText: '有差异' })
  await differing.getByText(`¥${wrong}`).first().waitFor()
  await shot(page, 'differs')
  await axe(page, 'match')
  await differing.getByRole('link', { name: '查看影像' }).click()
  await page.getByRole('button', { name: '更正价税合计' }).click()
  await page.getByRole('textbox', { name: '价税合计' }).fill(right)
  await page.keyboard.press('Enter')
  await page.getByText(/已人工更正/).waitFor()
  await page.getByRole('button', { name: '匹配结果' }).click()
  await table.waitFor()
  for (let i = 0; await differing.count(); i++) { /* what was corrected is compared in the background */
    sure(i < 20, 'the correction is not compared')
    await page.getByRole('button', { name: '重新匹配' }).click()
    await page.getByText('已重新匹配').last().waitFor()
  }
  await shot(page, 'corrected')
  await table.getByRole('row').filter({ hasText: '缺影像' }).getByRole('button', { name: /配对/ }).click()
  await page.getByText('全部匹配').waitFor()
  await shot(page, 'matched')
  await page.getByRole('button', { name: '返回单据' }).click()
  await page.locator('.bill-head').getByText('已提交').waitFor()
}
