// What was typed or made is not thrown away by one key or one click; a list tells no old rows as the new page's.
import { steps } from '../steps.mjs'

export default async ({ open, firstSignIn, shot, sure, expect, url, password }) => {
  expect(/ERR_FAILED|400 /)
  const page = await open('/exports')
  await firstSignIn(page)
  const { step, end } = steps(page, shot)
  const dialog = page.getByRole('dialog')
  const go = async (path, heading) => { await page.goto(`${url}/imgsys-web/${path}`); await page.getByRole('heading', { name: heading, level: 1 }).waitFor() }

  await step('Esc in a form that was filled in', async () => {
    await go('labels', '标签')
    await page.getByRole('button', { name: '新增' }).click()
    await dialog.getByRole('textbox').first().fill('合同')
    await page.keyboard.press('Escape')
    await page.locator('.ant-modal-confirm-title', { hasText: '放弃已填写的内容？' }).waitFor()
    await shot(page, 'esc')
    await page.getByRole('button', { name: '继续填写' }).click()
    sure(await dialog.getByRole('textbox').first().inputValue() === '合同', 'what was typed is gone')
    await dialog.getByRole('button', { name: '取消' }).click()
    await dialog.waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: '新增' }).click()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
  })
  await step('an export that is done', async () => {
    await page.evaluate(async () => {
      const { csrf_token } = await (await fetch('/api/v1/session')).json()
      const [one] = (await (await fetch('/api/v1/bills')).json()).items
      await fetch('/api/v1/exports', { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token }, body: JSON.stringify({ kind: 'XLSX', bill_ids: [one.id] }) })
    })
    await go('exports', '导出任务')
    await page.getByRole('link', { name: /\.xlsx/ }).first().waitFor({ timeout: 20_000 })
    await page.getByRole('button', { name: '删除' }).first().click()
    await dialog.getByText(/删除 .*\.xlsx？/).waitFor()
    await shot(page, 'export')
    await dialog.getByRole('button', { name: '取消' }).click()
    await dialog.waitFor({ state: 'hidden' })
    await page.getByRole('link', { name: /\.xlsx/ }).first().waitFor()
  })
  await step('an export that is called off', async () => {
    await page.route('**/api/v1/exports?*', async route => {
      const got = await (await route.fetch()).json()
      await route.fulfill({ json: { ...got, items: got.items.map(one => ({ ...one, state: 'WAITING' })) } })
    })
    await page.getByRole('button', { name: '取消' }).first().click()
    await page.getByText('已取消').first().waitFor()
    await page.unrouteAll({ behavior: 'ignoreErrors' })
  })
  await step('the next page of a list without the network', async () => {
    await go('bills', '影像单据')
    await page.getByText('共 21 条，第 1 页').waitFor()
    await page.route('**/api/v1/bills?*', route => route.abort())
    await page.getByRole('button', { name: '下一页' }).click()
    await page.getByRole('alert').waitFor()
    sure(await page.locator('tbody tr').count() === 0, 'the rows of page 1 stand as those of page 2')
    await shot(page, 'no-network')
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    await page.getByRole('alert').getByRole('button', { name: '重试' }).click()
    await page.getByText('共 21 条，第 2 页').waitFor()
    sure(await page.locator('tbody tr').count() === 1, 'one row is on page 2')
  })
  await step('a new password', async () => {
    await go('account', '修改密码')
    const next = page.getByLabel('新密码', { exact: true })
    await next.fill('中文Abc12345')
    sure(/○ 特殊字符/.test(await page.locator('#password-rules').innerText()), 'Chinese counts as a special character')
    await next.fill('Abc 12345#')
    sure(/○ 不含空格/.test(await page.locator('#password-rules').innerText()), 'a blank is taken')
    await next.fill(password + '#')
    sure(!/○/.test(await page.locator('#password-rules').innerText()), 'a good one is refused')
    await shot(page, 'password')
  })
  end()
}
