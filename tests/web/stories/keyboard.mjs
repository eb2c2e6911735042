// The whole way without a mouse: sign in, choose a file, type its number, file it, submit it.
const tabTo = async (page, isThere, what) => {
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press('Tab')
    if (await page.evaluate(isThere)) return
  }
  throw new Error(`Tab never came to ${what}`)
}
const said = text => `(document.activeElement?.innerText ?? '').trim() === ${JSON.stringify(text)}`

export default async ({ open, firstSignIn, bind, shot, samples, sure }) => {
  const page = await open('/home')
  await firstSignIn(page)
  await bind(page)
  await page.keyboard.press('Tab')
  await tabTo(page, said('影像采集'), 'the menu')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: '影像采集', level: 1 }).waitFor()
  const choosing = page.waitForEvent('filechooser') // waited for well before the key: the browser must know it
  await tabTo(page, said('选择文件'), 'the choice of files')
  await page.keyboard.press('Enter')
  const chooser = await choosing
  await chooser.setFiles([`${samples}/paper.jpg`, `${samples}/invoice.pdf`])
  await page.getByText('2 页，1 段').waitFor()
  await page.getByRole('region', { name: '拆分结果' }).getByText('无编号').first().waitFor()

  await page.evaluate(() => document.activeElement?.blur?.())
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: '此页可用的按键' }).waitFor()
  await shot(page, 'keys')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })

  await page.keyboard.press('n')
  await page.keyboard.type('kb-0001')
  await page.keyboard.press('Enter')
  await page.getByRole('region', { name: 'KB-0001' }).waitFor()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('3')
  await page.locator('[data-page]').nth(1).getByText('附件').waitFor()
  await page.keyboard.press('[')
  await page.waitForFunction(() => document.querySelectorAll('[data-page]')[0].innerText.includes('invoice.pdf') || document.querySelectorAll('[data-page]')[1].innerText.includes('paper.jpg'))
  await page.keyboard.press(']')

  await page.getByRole('button', { name: '归档 1 张单据' }).waitFor()
  await page.keyboard.press('f')
  await page.getByRole('dialog').waitFor()
  await tabTo(page, said('归档 1 段'), 'the filing')
  await page.keyboard.press('Enter')
  await page.getByText('已归档 1 张单据。').waitFor()
  await tabTo(page, said('提交这 1 张单据'), 'the submitting')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').getByText('已提交').waitFor()
  sure(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle !== undefined), 'the focus is somewhere')
}
