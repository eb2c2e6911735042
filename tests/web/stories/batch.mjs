// A scanned batch of 50 pages becomes ten bills, which are submitted; a wrong kind and bill types are put right on the way.
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

  const choose = async (where, type) => {
    await page.locator(where).getByRole('combobox', { name: '单据类型' }).click()
    await page.locator('.ant-select-dropdown:visible').getByTitle(type).click()
    await page.locator('.ant-select-dropdown:visible').waitFor({ state: 'hidden' })
  }
  await choose('.session-facts', '费用报销单（ER_Expense）')
  await page.locator('.segment header').nth(9).getByText('费用报销单').waitFor()
  await page.locator('.segment').nth(1).locator('[data-page]').nth(1).click()
  await choose('.page-form', '对公付款申请单（AP_Payment）')
  await page.locator('.segment header').nth(1).getByText('对公付款申请单').waitFor()
  await shot(page, 'types')

  await page.keyboard.press('Escape')
  await page.evaluate(() => document.activeElement?.blur?.())
  await page.keyboard.press('f')
  const dialog = page.getByRole('dialog')
  await shot(page, 'finish')
  await dialog.getByRole('button', { name: '归档 10 段' }).click()
  await dialog.getByText('已归档 10 张单据。').waitFor()
  await dialog.getByRole('button', { name: '提交这 10 张单据' }).click()
  await dialog.getByText('已提交').nth(9).waitFor()
  await shot(page, 'submitted')
}
