// What hands do at a scan session: a chooser that is left without a choice, an act that fails for one page of several, a page that
// somebody else took out, and leaving while files are on their way.
import { asksBeforeLeaving, chooseNothing, drop, paste, picture, steps } from '../steps.mjs'

export default async ({ open, firstSignIn, shot, sure, expect }) => {
  expect(/404 |500 /)
  const page = await open('/capture')
  await firstSignIn(page)
  await page.getByRole('link', { name: '影像采集' }).click()
  await page.getByTestId('files').setInputFiles(['a.png', 'b.png', 'c.png'].map(picture))
  await page.getByText('3 页，1 段').waitFor()
  const { step, end } = steps(page, shot)
  const thumbs = page.locator('[data-page]')
  const names = async () => (await page.locator('[data-page] .thumb-name').allInnerTexts()).map(one => one.replace(/^\d+\. |\.png$/g, '')).join('')
  const isNow = async wanted => {
    await page.waitForFunction(n => document.querySelectorAll('[data-page]').length === n, wanted.length).catch(() => undefined)
    sure(await names() === wanted, `the pages are ${await names()}, not ${wanted}`)
  }
  const button = name => page.getByRole('button', { name, exact: true })

  await step('a paste after a replacement that was given up', async () => {
    await thumbs.nth(1).click()
    await chooseNothing(page, () => button('替换').click())
    await paste(page, ['d.png', 'e.png', 'f.png'])
    await isNow('abcdef')
  })
  await step('a drop after an insertion that was given up', async () => {
    await thumbs.nth(0).click()
    await chooseNothing(page, () => button('插入').click())
    await drop(page, ['g.png'])
    await isNow('abcdefg')
  })
  await step('files that are added after a replacement that was given up', async () => {
    await chooseNothing(page, () => button('替换').click())
    const chooser = page.waitForEvent('filechooser')
    await button('添加文件').click()
    await (await chooser).setFiles([picture('h.png'), picture('i.png')])
    await isNow('abcdefghi')
  })
  await step('one file in the place of another', async () => {
    await thumbs.nth(1).click()
    const chooser = page.waitForEvent('filechooser')
    await button('替换').click()
    sure(!(await chooser).isMultiple(), 'several files are offered to replace one')
    await (await chooser).setFiles(picture('B.png'))
    await page.waitForFunction(() => document.querySelectorAll('[data-page]')[1].innerText.includes('B.png'))
    await isNow('aBcdefghi')
  })
  await step('two files behind a page', async () => {
    await thumbs.nth(0).click()
    const chooser = page.waitForEvent('filechooser')
    await button('插入').click()
    await (await chooser).setFiles([picture('p.png'), picture('q.png')])
    await isNow('apqBcdefghi')
  })
  await step('one page of several fails', async () => {
    const path = `**/pages/${await thumbs.nth(1).getAttribute('data-page')}`
    await page.route(path, (route, request) => request.method() === 'PATCH' ? route.fulfill({ status: 500, contentType: 'application/json', body: '{"error":{"message":"内部错误"}}' }) : route.fallback())
    await thumbs.nth(1).click()
    await thumbs.nth(3).click({ modifiers: ['Shift'] })
    await page.keyboard.press('3')
    await thumbs.nth(3).getByText('附件').waitFor()
    await page.waitForTimeout(500)
    await page.getByText('3 页中 1 页未改（第 2 页）').waitFor()
    await shot(page, 'one-of-three')
    await page.unroute(path)
  })
  await step('a page that somebody else took out', async () => {
    const gone = await thumbs.nth(2).getAttribute('data-page')
    await page.evaluate(async id => {
      const { csrf_token } = await (await fetch('/api/v1/session')).json()
      await fetch(`/api/v1/captures/${location.pathname.split('/').pop()}/pages/${id}`, { method: 'DELETE', headers: { 'X-CSRF-Token': csrf_token } })
    }, gone)
    await thumbs.nth(2).click()
    await page.keyboard.press('r')
    await page.locator(`[data-page="${gone}"]`).waitFor({ state: 'detached' })
    await shot(page, 'gone')
  })
  await step('leaving while files are on their way', async () => {
    await page.route('**/pages?*', async (route, request) => { if (request.method() === 'POST') await new Promise(go => setTimeout(go, 2500)); await route.fallback().catch(() => undefined) })
    await paste(page, ['y.png', 'z.png'])
    await page.getByRole('link', { name: '首页' }).click()
    await page.getByRole('heading', { name: /您好/ }).waitFor()
    sure(await asksBeforeLeaving(page), 'the page can be left without a question')
    await page.getByText('上传中，还剩 1 个').waitFor()
    await shot(page, 'on-their-way')
    await page.getByText(/上传中/).waitFor({ state: 'detached', timeout: 15_000 })
    sure(!await asksBeforeLeaving(page), 'there is a question though all was sent')
  })
  end()
}
