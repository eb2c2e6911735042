// A scanned batch of 50 pages becomes ten bills, which are submitted; a wrong kind is put right on the way.
export default async ({ open, firstSignIn, bind, shot, samples, sure }) => {
  const page = await open('/capture')
  await firstSignIn(page)
  await bind(page)
  await page.getByRole('link', { name: '影像采集' }).click()
  await page.getByTestId('files').setInputFiles(`${samples}/batch.pdf`)
  await page.getByText('50 页，10 段').waitFor()
  await page.getByRole('button', { name: '归档 10 张单据' }).waitFor()
  await shot(page, 'split')

  const third = page.locator('[data-page]').nth(2)
  await third.click()
  sure(/附件/.test(await third.innerText()), 'the third page is an attachment')
  await page.keyboard.press('2')
  await page.locator('[data-page]').nth(2).getByText('发票').waitFor()
  await page.keyboard.press('3')
  await page.locator('[data-page]').nth(2).getByText('附件').waitFor()

  await page.keyboard.press('f')
  const dialog = page.getByRole('dialog')
  await shot(page, 'finish')
  await dialog.getByRole('button', { name: '归档 10 段' }).click()
  await dialog.getByText('已归档 10 张单据。').waitFor()
  await dialog.getByRole('button', { name: '提交这 10 张单据' }).click()
  await dialog.getByText('已提交').nth(9).waitFor()
  await shot(page, 'submitted')
}
