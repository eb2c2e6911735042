// Whose bills somebody sees: nothing at first; the administrator grants an organisation and what is below; then its bills are there,
// those of others are not, by list, search and address; an organisation is moved by keyboard, and its bills go with it.
export default async ({ open, signIn, shot, expect, sure, url, login, password, clerk, mine, others }) => {
  expect(/404 .*\/api\/v1\/bills\//)
  const his = await open('/bills')
  await signIn(his, clerk.login, clerk.password)
  await his.getByText('还没有您能看到的单据').waitFor()

  const page = await open('/users')
  await signIn(page, login, password)
  const row = page.getByRole('row').filter({ hasText: clerk.name })
  await row.getByRole('button', { name: '随角色' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: '添加组织' }).click()
  await dialog.getByRole('combobox', { name: '组织' }).click()
  await page.locator('.ant-select-item-option').filter({ hasText: '华东' }).first().click()
  await dialog.getByRole('checkbox', { name: '含下级' }).check()
  await shot(page, 'grants')
  await dialog.getByRole('button', { name: '保存' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await row.getByText('华东').waitFor()

  await row.getByRole('button', { name: '权限说明' }).click()
  const why = page.getByRole('dialog', { name: /权限说明/ })
  await why.getByText('不可以').waitFor()
  await why.getByText('没有权限, 请在其角色中授予: 扫描采集').waitFor()
  for (const [number, says] of [[mine[0].number, '能看到'], [others.number, '看不到']]) {
    await why.getByLabel('影像编号').fill(number)
    await page.keyboard.press('Enter')
    await why.getByText(says, { exact: true }).waitFor()
  }
  await shot(page, 'why')

  await his.reload()
  for (const one of mine) await his.getByRole('link', { name: one.number }).waitFor()
  sure(await his.getByRole('link', { name: others.number }).count() === 0, 'the bills of others are not listed')
  await shot(his, 'sees')
  await his.goto(`${url}/imgsys-web/bills?q=${others.number}`)
  await his.getByText('没有符合条件的记录').waitFor()
  await his.goto(`${url}/imgsys-web/bills/${others.id}`)
  await his.getByRole('alert').getByText('不存在').waitFor()

  await page.goto(`${url}/imgsys-web/organisations`)
  const west = page.getByRole('row').filter({ hasText: '西部区域' })
  await west.getByRole('button', { name: '移动' }).focus()
  await page.keyboard.press('Enter')
  const move = page.getByRole('dialog')
  await move.getByRole('combobox', { name: '上级组织' }).focus()
  await page.keyboard.type('华东')
  await page.locator('.ant-select-item-option').filter({ hasText: '华东' }).waitFor()
  await page.keyboard.press('Enter')
  await shot(page, 'move')
  await move.getByRole('button', { name: '移动' }).focus()
  await page.keyboard.press('Enter')
  await move.waitFor({ state: 'hidden' })
  await page.locator('td .level-3', { hasText: '西部区域' }).waitFor()
  await shot(page, 'moved')
  await his.goto(`${url}/imgsys-web/bills`) // the grant of 华东 holds below it, too
  await his.getByRole('link', { name: others.number }).waitFor()
  await page.goto(`${url}/imgsys-web/audit-log`)
  await page.getByRole('row').filter({ hasText: '组织 · 修改' }).getByText('无 → 华东区域 (E)').waitFor()
  for (const [what, says] of [['用户 · 新增', '西部区域 (W)'], ['角色 · 新增', '查看单据、退扫'], ['扫描点 · 新增', '华东区域 (E)、苏州 (E1)'], ['用户 · 设定查看范围', '华东区域 (E)：所有人的单据，含下级']]) {
    await page.getByRole('row').filter({ hasText: what }).getByText(says).waitFor()
  }
  await shot(page, 'audit')
}
