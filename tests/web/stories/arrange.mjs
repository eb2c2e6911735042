// Arranging a bill: what is chosen stays chosen, what cannot be done is not offered, and uploads that go on or fail are seen.
import { asksBeforeLeaving, picture, steps } from '../steps.mjs'

export default async ({ open, firstSignIn, shot, sure, expect, samples, url, bill }) => {
  expect(/500 /)
  const page = await open('/bills')
  await firstSignIn(page)
  await page.goto(`${url}/imgsys-web/bills/${bill}`)
  const { step, end } = steps(page, shot)
  const thumbs = page.locator('.bill-body .thumb')
  const names = async () => (await page.locator('.bill-body .thumb-name').allInnerTexts()).map(one => one.replace('.png', '')).join('')
  const dialog = page.getByRole('dialog')
  const arrange = async item => { await page.getByRole('button', { name: /整理/ }).click(); await page.getByRole('menuitem', { name: item }).click() }
  const saved = async run => { await run(); await page.getByText('正在保存…').waitFor({ state: 'hidden' }); await page.waitForTimeout(400) }
  const fileOf = i => page.evaluate(async ([id, n]) => (await (await fetch(`/api/v1/bills/${id}`)).json()).files[n], [bill, i])

  await step('the kind of what is added', async () => {
    await page.getByRole('button', { name: '添加文件' }).click()
    await dialog.getByText('发票（默认）').waitFor()
    await shot(page, 'add')
  })
  await dialog.getByTestId('files').setInputFiles(['a.png', 'b.png', 'c.png'].map(picture))
  await dialog.getByText('已上传 3 / 3').waitFor()
  await dialog.getByRole('button', { name: '完成', exact: true }).click()
  await thumbs.nth(2).waitFor()

  await step('moving forward, twice', async () => {
    await thumbs.nth(2).click()
    await saved(() => arrange('前移'))
    sure(await names() === 'acb' && await page.locator('.thumb.at .thumb-name').innerText() === 'c.png', `after one: ${await names()}, chosen is ${await page.locator('.thumb.at .thumb-name').innerText()}`)
    await saved(() => arrange('前移'))
    sure(await names() === 'cab' && await page.locator('.thumb.at .thumb-name').innerText() === 'c.png', `after two: ${await names()}`)
  })
  await step('what cannot be done at the ends', async () => {
    const isOff = async (at, item) => {
      await thumbs.nth(at).click()
      await page.getByRole('button', { name: /整理/ }).click()
      const off = await page.getByRole('menuitem', { name: item }).getAttribute('aria-disabled')
      await page.keyboard.press('Escape')
      await page.getByRole('menuitem', { name: item }).waitFor({ state: 'hidden' })
      sure(off === 'true', `${item} is offered at ${at}`)
    }
    await isOff(0, '前移')
    await isOff(2, '后移')
    await isOff(2, '与下一个文件合并')
  })
  await step('two quick clicks on "save the turn"', async () => {
    await thumbs.nth(1).click()
    await page.getByRole('button', { name: '保存旋转' }).dblclick()
    await page.waitForTimeout(1500)
    sure(await page.locator('.failure').count() === 0, (await page.locator('.failure').allInnerTexts()).join(' '))
    sure((await fileOf(1)).rotation === 180, `it is turned by ${(await fileOf(1)).rotation}`)
  })
  await step('a file that is chosen in the list', async () => {
    await page.keyboard.press('l')
    await page.getByRole('button', { name: 'a.png' }).click()
    await page.locator('.thumb.at').getByText('a.png').waitFor()
  })
  await step('no reason where none is kept', async () => {
    await page.keyboard.press('Delete')
    await dialog.getByText('移除 a.png？').waitFor()
    sure(await dialog.locator('textarea').count() === 0, 'a reason is asked for and thrown away')
    await dialog.getByRole('button', { name: '取消' }).click()
  })
  await step('a reason where it is kept', async () => {
    await page.getByRole('button', { name: '作废' }).click()
    await dialog.locator('textarea').fill('重复')
    await page.keyboard.press('Escape')
    await page.locator('.ant-modal-confirm-title', { hasText: '放弃已填写的内容？' }).waitFor()
    await shot(page, 'give-up')
    await page.getByRole('button', { name: '继续填写' }).click()
    sure(await dialog.locator('textarea').inputValue() === '重复', 'the reason is gone')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: '放弃', exact: true }).click()
    await dialog.waitFor({ state: 'hidden' })
  })

  const hold = async (ms, answer) => page.route('**/bills/*/files?*', async (route, request) => {
    if (request.method() !== 'POST') return route.fallback()
    await new Promise(go => setTimeout(go, ms))
    return (answer ? route.fulfill(answer) : route.fallback()).catch(() => undefined)
  })
  const send = async list => {
    await page.getByRole('button', { name: /添加文件/ }).click()
    await dialog.getByTestId('files').setInputFiles(list.map(picture))
    await dialog.getByRole('button', { name: '在后台继续' }).click()
    await dialog.waitFor({ state: 'hidden' })
  }
  await step('an upload that fails behind its closed dialog', async () => {
    await hold(800, { status: 500, contentType: 'application/json', body: '{"error":{"message":"存储出错"}}' })
    await send(['bad.png'])
    await page.locator('.ant-message').getByText(/bad\.png.*存储出错/).waitFor()
    await page.getByRole('button', { name: '添加文件 · 1 个失败' }).waitFor()
    await shot(page, 'failed')
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    await page.getByRole('button', { name: '添加文件 · 1 个失败' }).click()
    await dialog.getByRole('button', { name: '重试' }).click()
    await dialog.getByText('已上传 4 / 4').waitFor()
    await dialog.getByRole('button', { name: '完成', exact: true }).click()
  })
  await step('uploads that go on when the bill was left', async () => {
    await page.locator('.ant-modal-wrap').first().waitFor({ state: 'hidden' }).catch(() => undefined)
    await hold(2500)
    await send(['x.png', 'y.png'])
    await page.getByRole('button', { name: '返回列表' }).click()
    await page.getByRole('heading', { name: '影像单据', level: 1 }).waitFor()
    sure(await asksBeforeLeaving(page), 'the page can be left without a question')
    await page.getByRole('link', { name: '上传中，还剩 1 个' }).waitFor()
    await shot(page, 'left')
    await page.getByText(/上传中/).waitFor({ state: 'detached', timeout: 15_000 })
    sure(!await asksBeforeLeaving(page), 'there is a question though all was sent')
    await page.unrouteAll({ behavior: 'ignoreErrors' })
  })
  await step('a file of several pages is turned as a whole', async () => {
    await page.goto(`${url}/imgsys-web/bills/${bill}`)
    await page.getByRole('button', { name: '添加文件' }).click()
    await dialog.getByTestId('files').setInputFiles(`${samples}/batch.pdf`)
    await dialog.getByText('已上传 1 / 1').waitFor({ timeout: 20_000 })
    await dialog.getByRole('button', { name: '完成', exact: true }).click()
    await thumbs.nth(20).click({ timeout: 30_000 })
    await page.getByRole('button', { name: '旋转整个文件（50 页）' }).waitFor()
    await shot(page, 'whole-file')
  })
  await step('the view that is turned', async () => {
    const [frame, img] = [page.locator('.viewer-frame'), page.locator('.viewer-frame img.shown')]
    await img.waitFor({ timeout: 30_000 })
    await page.evaluate(() => document.activeElement?.blur?.())
    await page.keyboard.press('r')
    await page.waitForTimeout(400)
    const [outer, inner] = [await frame.boundingBox(), await img.boundingBox()]
    sure(inner.width > inner.height && Math.abs(inner.x - outer.x) < 1 && Math.abs(inner.y - outer.y) < 2 && inner.width <= outer.width, JSON.stringify([outer, inner]))
    await shot(page, 'turned')
  })
  end()
}
