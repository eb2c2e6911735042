/** What the table-driven pages show and change, one description each. Names of members are the API's. */
import { Button, Typography } from 'antd'
import { call } from '../api/client'
import type { Kind, Option, Row } from '../parts/Records'
import { Link } from '../router'
import { minute, say, size, time } from '../words'
import { Act } from '../parts/Act'
import { asTree, orgLabel } from '../parts/orgs'
import { Import } from '../parts/Import'
import { ImportPeople } from '../parts/ImportPeople'
import { PeopleSync } from '../parts/PeopleSync'
import { FindScanners } from '../parts/FindScanners'
import { MoveOrg } from '../parts/MoveOrg'
import { Mark } from '../parts/Mark'
import { told, whoIs } from '../parts/told'
import { TraceId } from '../parts/TraceId'
import { PermissionChange } from '../parts/PermissionChange'
import { Why } from '../parts/Why'
import { auditActions, auditChanges, auditName, auditObject } from './audit'

const yes = (value: unknown, zh: string, en: string, otherZh: string, otherEn: string) =>
  value ? <Mark color="green">{say(zh, en)}</Mark> : <Mark>{say(otherZh, otherEn)}</Mark>
const active = (row: Row) => yes(row.is_active, '启用', 'active', '停用', 'disabled')
const enabled = (row: Row) => yes(row.is_enabled, '启用', 'enabled', '停用', 'disabled')
const names = (list?: Row[] | null) => (list ?? []).map(one => one.name ?? one.code ?? '').join(say('、', ', '))
/** Such a call does a bounded part of them. */
const more = (done: Row) => done.has_more ? say('；还有更多，请再点一次。', '; there are more: do it once more.') : ''
const theTenant = () => say('租户', 'the tenant')
const post = (path: string) => call(path, { method: 'POST', body: {} })

async function options(path: string, of: (row: Row) => Option): Promise<Option[]> {
  return (await call<{ items: Row[] }>(path)).items.map(of)
}
export const orgOptions = async (): Promise<Option[]> => asTree((await call<{ items: Row[] }>('/api/v1/organisations')).items).map(row => ({ value: row.code, label: orgLabel(row) }))
const roleOptions = () => options('/api/v1/roles?page_size=100', row => ({ value: row.name, label: row.name }))

function OneTime({ answer }: { answer: Row }) {
  return (
    <>
      <p>{say('一次性密码只显示这一次，请转交本人；首次登录时必须修改。', 'The one-time password is shown only now. Hand it over; it must be changed at the first sign-in.')}</p>
      <Typography.Text code copyable>{String(answer.one_time_password ?? '')}</Typography.Text>
    </>
  )
}

export const users = (onGrants: (row: Row) => void): Kind => ({
  page: 'users', title: () => say('用户', 'Users'), path: '/api/v1/users', id: 'user_id', mayEdit: 'PEOPLE_EDIT',
  describe: () => ({
    more: (again, may) => may('PEOPLE_EDIT') && <ImportPeople path="/api/v1/users/import" hasPasswords onDone={again} />,
    filters: [{ name: 'q', title: say('查找', 'Search'), kind: 'text', hint: say('姓名或手机号', 'name or mobile') },
      { name: 'is_active', title: say('状态', 'State'), kind: 'choice', options: [{ value: 'true', label: say('启用', 'active') }, { value: 'false', label: say('停用', 'disabled') }] }],
    columns: [
      { key: 'name', title: say('姓名', 'Name'), isMain: true, show: row => row.name },
      { key: 'mobile', title: say('手机号', 'Mobile'), show: row => row.mobile },
      { key: 'org', title: say('组织', 'Organisation'), show: row => row.org_name || row.org_code || theTenant() },
      { key: 'roles', title: say('角色', 'Roles'), show: row => names(row.roles) },
      { key: 'point', title: say('扫描点', 'Scan point'), show: row => row.scan_point?.name },
      { key: 'grants', title: say('查看范围', 'Sees'), show: row => <Button type="link" onClick={() => onGrants(row)}>{(row.grants ?? []).map((one: Row) => `${one.org_name || one.org_code || theTenant()}${one.scope === 'OWN' ? say('（本人）', ' (own)') : ''}`).join(say('、', ', ')) || say('随角色', 'by role')}</Button> },
      { key: 'state', title: say('状态', 'State'), show: row => <>{active(row)} {row.locked_until && <Mark color="red">{say('已锁定', 'locked')}</Mark>} {row.must_change && <Mark color="gold">{say('待改密码', 'to change password')}</Mark>}</> },
      { key: 'last', title: say('最近登录', 'Last sign-in'), show: row => minute(row.last_login_at) },
    ],
    fields: [
      { name: 'name', title: say('姓名', 'Name'), kind: 'text', isRequired: true },
      { name: 'mobile', title: say('手机号', 'Mobile'), kind: 'text', isRequired: true, hint: say('与 ERP 账号按手机号对应', 'The ERP’s account is matched by it') },
      { name: 'mail', title: say('邮箱', 'Mail'), kind: 'text' },
      { name: 'org', title: say('组织', 'Organisation'), kind: 'choice', options: orgOptions, from: row => row.org_code },
      { name: 'is_head', title: say('部门负责人', 'Head'), kind: 'flag' },
      { name: 'roles', title: say('角色', 'Roles'), kind: 'choices', options: roleOptions, from: row => (row.roles ?? []).map((one: Row) => one.name) },
    ],
    tellMade: made => <OneTime answer={made} />,
    acts: [
      { title: say('权限说明', 'Why'), needs: 'PEOPLE_VIEW', open: (row, onClose) => <Why user={{ id: row.user_id, name: row.name }} onClose={onClose} /> },
      { title: say('解锁', 'Unlock'), needs: 'PEOPLE_EDIT', shows: row => !!row.locked_until, run: row => post(`/api/v1/users/${row.user_id}/unlock`) },
      { title: say('重置密码', 'Reset password'), needs: 'PEOPLE_EDIT', shows: row => row.is_active, run: row => post(`/api/v1/users/${row.user_id}/reset`), tell: answer => <OneTime answer={answer as Row} /> },
      { title: say('停用', 'Disable'), needs: 'PEOPLE_EDIT', isDanger: true, shows: row => row.is_active, run: row => post(`/api/v1/users/${row.user_id}/disable`) },
      { title: say('启用', 'Enable'), needs: 'PEOPLE_EDIT', shows: row => !row.is_active, run: row => post(`/api/v1/users/${row.user_id}/enable`) },
    ],
  }),
})

const roles: Kind = {
  page: 'roles', title: () => say('角色', 'Roles'), path: '/api/v1/roles', id: 'role_id', mayEdit: 'PEOPLE_EDIT',
  describe: () => ({
    columns: [
      { key: 'name', title: say('名称', 'Name'), isMain: true, show: row => row.name },
      { key: 'kind', title: say('种类', 'Kind'), show: row => row.is_built_in ? say('内置', 'built in') : say('自定义', 'own') },
      { key: 'permissions', title: say('权限', 'Permissions'), isNumber: true, show: row => row.permissions?.length },
      { key: 'users', title: say('用户数', 'Users'), isNumber: true, show: row => row.user_count },
      { key: 'state', title: say('状态', 'State'), show: active },
    ],
    fields: [
      { name: 'name', title: say('名称', 'Name'), kind: 'text', isRequired: true },
      { name: 'permissions', title: say('权限', 'Permissions'), kind: 'choices', isRequired: true, options: () => options('/api/v1/permissions', row => ({ value: row.permission, label: row.name })) },
      { name: 'is_active', title: say('启用', 'Active'), kind: 'flag', when: 'old' },
    ],
  }),
}

const organisations: Kind = {
  page: 'organisations', title: () => say('组织', 'Organisations'), path: '/api/v1/organisations', id: 'org_id', mayEdit: 'PEOPLE_EDIT', arrange: asTree, noPages: true,
  describe: () => ({
    empty: say('还没有组织。点“新增”或“批量导入”；ERP 登记单据时也会自动建立。', 'No organisations yet: add or import them. Bills that the ERP announces make theirs.'),
    more: (again, may) => may('PEOPLE_EDIT') && <ImportPeople path="/api/v1/organisations/import" onDone={again} />,
    acts: [{ title: say('移动', 'Move'), needs: 'PEOPLE_EDIT', open: (row, onClose) => <MoveOrg org={row} onClose={onClose} /> }],
    hint: say('最多 4 级；推送与单据先按税号、再按组织编码找到组织。', 'At most 4 levels. Pushes and bills find theirs by tax number, then by code.'),
    columns: [
      { key: 'name', title: say('名称', 'Name'), isMain: true, show: row => <span className={`level-${row.level ?? 1}`}>{row.name}</span> },
      { key: 'code', title: say('编码', 'Code'), show: row => row.code },
      { key: 'tax', title: say('税号', 'Tax number'), show: row => row.tax_no },
      { key: 'state', title: say('状态', 'State'), show: active },
    ],
    fields: [
      { name: 'code', title: say('编码', 'Code'), kind: 'text', isRequired: true },
      { name: 'name', title: say('名称', 'Name'), kind: 'text', isRequired: true },
      { name: 'tax_no', title: say('税号', 'Tax number'), kind: 'text' },
      { name: 'parent', title: say('上级组织', 'Above it'), kind: 'choice', options: orgOptions, when: 'new' },
      { name: 'is_active', title: say('启用', 'Active'), kind: 'flag', when: 'old' },
    ],
  }),
}

const enterprises: Kind = {
  page: 'enterprises', title: () => say('企业授权', 'Enterprise authorisations'), path: '/api/v1/enterprises', id: 'id', mayEdit: 'ENTERPRISE_EDIT', change: 'PATCH',
  describe: () => ({
    empty: say('还没有企业授权。新增后，该企业的 ERP 与收票助手才能调用本系统。', 'None yet. With one, the ERP and the receipt assistant of that enterprise may call this system.'),
    more: (again, may) => may('ENTERPRISE_EDIT') && <Import path="/api/v1/enterprises/import" columns="tax_no, name, client_id, secret, encrypt_key" onDone={again} />,
    hint: say('保存时会真正向发票云获取一次 token；“未校验”的授权会一直标明。', 'Saving really fetches a token from the cloud; what was saved unchecked stays marked.'),
    filters: [{ name: 'q', title: say('查找', 'Search'), kind: 'text', hint: say('名称、税号或 client_id', 'name, tax number or client_id') }],
    columns: [
      { key: 'name', title: say('企业', 'Enterprise'), isMain: true, show: row => row.name },
      { key: 'tax', title: say('税号', 'Tax number'), show: row => row.tax_no },
      { key: 'client', title: 'client_id', show: row => <code>{row.client_id}</code> },
      { key: 'secret', title: say('密钥', 'Secrets'), show: row => `${row.has_secret ? '••••' : '—'} / ${row.has_encrypt_key ? '••••' : '—'}` },
      { key: 'check', title: say('校验', 'Check'), show: row => row.is_checked ? <><Mark color="green">{say('已校验', 'checked')}</Mark> {time(row.checked_at)}</> : <><Mark color="orange">{say('未校验', 'unchecked')}</Mark> {row.check_note !== 'saved without a check' && told(row.check_note)}</> },
      { key: 'state', title: say('状态', 'State'), show: enabled },
    ],
    fields: [
      { name: 'name', title: say('企业名称', 'Name'), kind: 'text', isRequired: true },
      { name: 'tax_no', title: say('税号', 'Tax number'), kind: 'text', isRequired: true },
      { name: 'client_id', title: 'client_id', kind: 'text', isRequired: true, when: 'new' },
      { name: 'secret', title: 'client_secret', kind: 'secret', hint: say('首尾空格会去掉，中间不能有空格', 'No spaces inside; those around it are cut off.') },
      { name: 'encrypt_key', title: 'encrypt_key', kind: 'secret' },
      { name: 'cloud_client_id', title: say('发票云 client_id', 'client_id at the cloud'), kind: 'text', hint: say('仅当与上面的 client_id 不同时填写', 'only where it is not the client_id above') },
      { name: 'cloud_secret', title: say('发票云 client_secret', 'client_secret at the cloud'), kind: 'secret' },
      { name: 'unchecked', title: say('不校验直接保存', 'Save unchecked'), kind: 'flag' },
      { name: 'is_enabled', title: say('启用', 'Enabled'), kind: 'flag', when: 'old' },
    ],
    acts: [
      { title: say('校验', 'Check'), needs: 'ENTERPRISE_EDIT', run: row => post(`/api/v1/enterprises/${row.id}/check`), tell: answer => { const got = answer as Row; return <>{got.result}{got.reason && `：${got.reason}`}</> } },
      { title: say('删除', 'Remove'), needs: 'ENTERPRISE_EDIT', isDanger: true, text: row => say(`删除后 ${row.name} 的 token 立即失效，其推送表行一并删除。请再次确认。`, `The tokens of ${row.name} end at once, and its push rows go, too.`), run: row => call(`/api/v1/enterprises/${row.id}?confirm=true`, { method: 'DELETE' }) },
    ],
  }),
}

const pushTable: Kind = {
  page: 'push-table', title: () => say('推送表', 'Push table'), path: '/api/v1/push-table', id: 'id', mayEdit: 'ENTERPRISE_EDIT', mayDrop: true, mayChange: false,
  describe: () => ({
    empty: say('推送表为空，收票助手的推送会被拒绝。点“新增”登记允许推送的企业。', 'The table is empty: pushes of the receipt assistant are refused. Add the enterprises that may push.'),
    more: (_again, may) => may('ENTERPRISE_VIEW') && <Act title={say('检查', 'Check')} run={async () => {
      const said = await call<Row>('/api/v1/push-table/check')
      return said.is_right ? say('推送表与企业授权一致。', 'The table fits the enterprises.') : <ul>{(said.items ?? []).map((one: Row, i: number) => <li key={i}>{one.name || one.client_id}：{one.text}</li>)}</ul>
    }} />,
    hint: say('收票助手可为哪些企业推送；地址须与总部登记的一致。', 'For whom the receipt assistant may push; the address must be what the head office registered.'),
    columns: [
      { key: 'name', title: say('企业', 'Enterprise'), isMain: true, show: row => row.name },
      { key: 'tax', title: say('税号', 'Tax number'), show: row => row.tax_no },
      { key: 'client', title: 'client_id', show: row => <code>{row.client_id}</code> },
      { key: 'url', title: say('推送地址', 'Address'), show: row => <code>{row.url}</code> },
      { key: 'at', title: say('创建', 'Made'), show: row => time(row.created_at) },
    ],
    fields: [
      { name: 'name', title: say('企业名称', 'Name'), kind: 'text', isRequired: true }, { name: 'tax_no', title: say('税号', 'Tax number'), kind: 'text', isRequired: true },
      { name: 'client_id', title: 'client_id', kind: 'text', isRequired: true }, { name: 'url', title: say('推送地址', 'Address'), kind: 'text' },
    ],
  }),
}

const audit: Kind = {
  page: 'audit-log', title: () => say('审计日志', 'Audit log'), path: '/api/v1/audit-log', id: 'id',
  describe: () => ({
    empty: say('还没有记录。人员、权限与设置的每次变更都会记在这里。', 'Nothing yet. Each change of people, rights and settings stands here.'),
    filters: [{ name: 'actor', title: say('操作人', 'Who'), kind: 'text' }, { name: 'action', title: say('操作', 'What'), kind: 'choice', options: auditActions() }, { name: 'object', title: say('对象', 'On'), kind: 'text', hint: say('完整名称', 'its whole name') }, { name: 'from', title: say('自', 'From'), kind: 'day', asTime: 'begin' }, { name: 'to', title: say('至', 'To'), kind: 'day', asTime: 'end' }],
    columns: [
      { key: 'at', title: say('时间', 'When'), show: row => time(row.at) }, { key: 'actor', title: say('操作人', 'Who'), isMain: true, show: row => whoIs(row.actor) },
      { key: 'action', title: say('操作', 'What'), show: row => auditName(row.action) }, { key: 'object', title: say('对象', 'On'), show: row => auditObject(row.action, row.object) },
      { key: 'detail', title: say('变更内容', 'What was changed'), show: row => <>{auditChanges(row.action, row.detail).map(one => <div key={one.name}><span className="quiet">{one.name}</span> {one.text}</div>)}{row.detail?.permissions && <PermissionChange before={row.detail.permissions[0]} after={row.detail.permissions[1]} />}</> },
      { key: 'trace', title: say('编号', 'id'), show: row => <TraceId id={row.trace_id} /> },
    ],
  }),
}

const MODES = ['BASIC', 'MATCH', 'SYNC']
const modeName = (mode?: string) => ({ BASIC: say('基础', 'basic'), MATCH: say('匹配', 'match'), SYNC: say('同步', 'sync') }[mode ?? ''] ?? mode)

const billTypes: Kind = {
  page: 'bill-types', title: () => say('单据类型', 'Bill types'), path: '/api/v1/bill-types', id: 'id', mayEdit: 'SETTINGS',
  describe: () => ({
    empty: say('还没有单据类型。点“新增”，或等 ERP 登记单据时自动建立。', 'No bill types yet: add one, or wait for the ERP, whose bills make theirs.'),
    columns: [
      { key: 'name', title: say('名称', 'Name'), isMain: true, show: row => row.name }, { key: 'code', title: say('编码', 'Code'), show: row => <code>{row.code}</code> },
      { key: 'mode', title: say('模式', 'Mode'), show: row => row.mode ? modeName(row.mode) : say('随组织或租户', 'as organisation or tenant') },
    ],
    fields: [
      { name: 'code', title: say('编码', 'Code'), kind: 'text', isRequired: true, when: 'new' }, { name: 'name', title: say('名称', 'Name'), kind: 'text', isRequired: true },
      { name: 'mode', title: say('模式', 'Mode'), kind: 'choice', options: MODES.map(value => ({ value, label: modeName(value) ?? value })) },
    ],
  }),
}

const labels: Kind = {
  page: 'labels', title: () => say('标签', 'Labels'), path: '/api/v1/labels', id: 'id', mayEdit: 'SETTINGS', mayDrop: true,
  describe: () => ({
    empty: say('还没有标签。新增后可在整理影像时选用。', 'No labels yet. Files can be given those that are added here.'),
    columns: [
      { key: 'name', title: say('名称', 'Name'), isMain: true, show: row => row.name }, { key: 'kind', title: say('种类', 'Kind'), show: row => row.kind === 'LABEL' ? say('标签', 'label') : say('附件类型', 'attachment type') },
      { key: 'number', title: say('编号', 'Number'), isNumber: true, show: row => row.number || '' }, { key: 'state', title: say('状态', 'State'), show: enabled },
    ],
    fields: [
      { name: 'kind', title: say('种类', 'Kind'), kind: 'choice', isRequired: true, when: 'new', start: 'LABEL', options: [{ value: 'LABEL', label: say('标签', 'label') }, { value: 'ATTACHMENT_TYPE', label: say('附件类型', 'attachment type') }] },
      { name: 'name', title: say('名称', 'Name'), kind: 'text', isRequired: true }, { name: 'number', title: say('编号', 'Number'), kind: 'number', hint: say('附件类型须有 1 到 8 的编号；标签不填', '1 to 8 for an attachment type; none for a label') }, { name: 'is_enabled', title: say('启用', 'Enabled'), kind: 'flag', start: true },
    ],
  }),
}

const failureName = (failure?: string | null): string => failure ? ({
  REFUSED: say('ERP 拒收', 'refused by the ERP'), UNREACHED: say('未能连接', 'not reached'), OURS: say('本系统原因', 'for reasons here'),
}[failure] ?? failure) : ''

const deliveryStates: Record<string, [string, string, string]> = {
  WAITING: ['等待', 'waiting', 'processing'], DELIVERED: ['已送达', 'delivered', 'green'], PARKED: ['已搁置', 'parked', 'red'], SKIPPED: ['已跳过', 'skipped', 'default'], UNADDRESSED: ['无业务系统', 'no system', 'orange'],
}

const deliveries: Kind = {
  page: 'deliveries', title: () => say('ERP 通知', 'ERP notices'), path: '/api/v1/deliveries', id: 'id', isMoving: row => row.state === 'WAITING',
  describe: () => ({
    empty: say('还没有通知。单据提交、退扫或审核后，通知 ERP 的结果会列在这里。', 'No notices yet. They come with submitted, sent back and reviewed bills.'),
    more: (again, may) => may('DELIVERY') && <Act title={say('重发全部搁置的', 'Send all parked ones again')} onDone={again} run={async () => {
      const done = await call<Row>('/api/v1/deliveries/retry', { body: { state: 'PARKED' } })
      return say(`已重新排队：${done.notices} 条通知`, `${done.notices} notices are on their way again`) + more(done)
    }} />,
    hint: say('影像就绪、退扫、审核通知；失败的会自动重试，搁置后可在此重发。', 'Ready, sent back, reviewed. What fails is tried again by itself; what was parked can be sent again here.'),
    filters: [{ name: 'state', title: say('状态', 'State'), kind: 'choice', options: Object.entries(deliveryStates).map(([value, [zh, en]]) => ({ value, label: say(zh, en) })) }],
    columns: [
      { key: 'number', title: say('影像编号', 'Image number'), isMain: true, show: row => <Link to={`/bills/${row.bill_id}`}>{row.number}</Link> },
      { key: 'kind', title: say('通知', 'Notice'), show: row => <span className="whole">{row.kind_name ?? row.kind}</span> },
      { key: 'state', title: say('状态', 'State'), show: row => { const [zh, en, colour] = deliveryStates[row.state] ?? [row.state, row.state, 'default']; return <Mark color={colour}>{say(zh, en)}</Mark> } },
      { key: 'why', title: say('说明', 'Note'), show: row => [failureName(row.failure), told(row.note), told(row.reason)].filter(Boolean).join(say('；', '; ')) },
      { key: 'system', title: say('业务系统', 'System'), show: row => row.business_system }, { key: 'tries', title: say('次数', 'Tries'), isNumber: true, show: row => row.attempts },
      { key: 'at', title: say('最近一次', 'Last try'), show: row => time(row.tried_at ?? row.created_at) },
    ],
    acts: [{ title: say('重发', 'Send again'), needs: 'DELIVERY', shows: row => row.state !== 'DELIVERED', run: row => post(`/api/v1/deliveries/${row.id}/retry`) }],
  }),
}

const pushStates: Record<string, [string, string, string]> = {
  TAKEN: ['处理中', 'being worked on', 'processing'], DONE: ['已完成', 'done', 'green'], OLDER: ['较旧，未采用', 'older, not used', 'default'], REFUSED: ['已拒绝', 'refused', 'red'],
  PARKED: ['已搁置', 'parked', 'red'], UNCHANGED: ['未变化', 'unchanged', 'default'],
}

const pushes: Kind = {
  page: 'pushes', title: () => say('收票推送', 'Pushes'), path: '/api/v1/pushes', id: 'id', isMoving: row => row.status === 'TAKEN',
  describe: () => ({
    empty: say('还没有推送。请核对“推送表”，以及总部登记的推送地址。', 'No pushes yet. Check the push table, and the address that the head office registered.'),
    more: (again, may) => may('DELIVERY') && <Act title={say('重放全部搁置的', 'Replay all parked ones')} onDone={again} run={async () => {
      const done = await call<Row>('/api/v1/pushes/replay', { body: {} })
      return say(`已重新处理：${done.pushes} 条推送`, `${done.pushes} pushes are worked on again`) + more(done)
    }} />,
    hint: say('收票助手推送来的每一条；拒绝的写明原因，更正推送表后可以重放，搁置的也可以重放。', 'Each push of the receipt assistant. Refusals say why and can be replayed once the push table is corrected, as can what was parked.'),
    filters: [{ name: 'number', title: say('影像编号', 'Image number'), kind: 'text' }, { name: 'status', title: say('状态', 'State'), kind: 'choice', options: ['TAKEN', 'DONE', 'UNCHANGED', 'OLDER', 'REFUSED', 'PARKED'].map(value => ({ value, label: say(pushStates[value][0], pushStates[value][1]) })) }],
    columns: [
      { key: 'number', title: say('影像编号', 'Image number'), isMain: true, show: row => row.bill_id ? <Link to={`/bills/${row.bill_id}`}>{row.number}</Link> : row.number || '—' },
      { key: 'status', title: say('状态', 'State'), show: row => { const [zh, en, colour] = pushStates[row.status] ?? [row.status, row.status, 'default']; return <Mark color={colour}>{say(zh, en)}</Mark> } },
      { key: 'reason', title: say('原因', 'Why'), show: row => told(row.reason) }, { key: 'client', title: say('企业', 'Enterprise'), show: row => <>{row.enterprise_name && <div>{row.enterprise_name}</div>}{row.tax_no}{row.client_id && <div><code className="quiet">{row.client_id}</code></div>}</> },
      { key: 'source', title: say('来源地址', 'From'), show: row => row.source },
      { key: 'repeats', title: say('重复', 'Repeats'), isNumber: true, show: row => row.repeats || '' }, { key: 'at', title: say('时间', 'When'), show: row => time(row.at) },
      { key: 'trace', title: say('编号', 'id'), show: row => <TraceId id={row.trace_id} /> },
    ],
    acts: [{ title: say('重放', 'Replay'), needs: 'DELIVERY', shows: row => ['PARKED', 'DONE', 'TAKEN', 'REFUSED'].includes(row.status), run: row => post(`/api/v1/pushes/${row.id}/replay`) }],
  }),
}

/** What was called and is not served here, and the line of httpd's configuration that would serve it. */
const journal: Kind = {
  page: 'journal', title: () => say('未知调用', 'Unknown calls'), path: '/api/v1/journal', id: 'id',
  describe: () => ({
    empty: say('没有未知调用，ERP 与收票助手的地址都正确。', 'None: the ERP and the receipt assistant call the right addresses.'),
    hint: say('ERP 或收票助手调用了本系统没有的地址。把建议的一行加入 httpd 配置并重新加载，即由对应接口应答。', 'The ERP or the receipt assistant called an address that is not here. The line that is suggested, put into httpd’s configuration, has it answered.'),
    columns: [
      { key: 'path', title: say('地址', 'Address'), isMain: true, show: row => <code>{row.method} {row.path}</code> },
      { key: 'count', title: say('次数', 'Times'), isNumber: true, show: row => row.count },
      { key: 'why', title: say('原因', 'Why'), show: row => told(row.why) },
      { key: 'line', title: say('建议', 'Suggestion'), show: row => { const best = (row.suggestions ?? [])[0] as Row | undefined; return best && (best.line ? <Typography.Text code copyable>{best.line}</Typography.Text> : best.obstacle) } },
      { key: 'source', title: say('来源地址', 'From'), show: row => row.source },
      { key: 'at', title: say('最近一次', 'Last'), show: row => time(row.last_at) },
      { key: 'trace', title: say('编号', 'id'), show: row => <TraceId id={row.trace_id} /> },
    ],
  }),
}

const wordOptions = (kind: string, of: (row: Row) => { value: string; label: string }) => async () =>
  (await call<{ items: Row[] }>(`/api/v1/labels?kind=${kind}&page_size=200`)).items.map(of)

const attachments: Kind = {
  page: 'attachments', title: () => say('附件', 'Attachments'), path: '/api/v1/attachments', id: 'id',
  describe: () => ({
    empty: say('还没有附件。单据中类别为“附件”的文件会列在这里。', 'No attachments yet. Files of bills that are attachments stand here.'),
    filters: [
      { name: 'q', title: say('文件名', 'Name'), kind: 'text', hint: say('文件名中的文字', 'what it holds') }, { name: 'number', title: say('影像编号', 'Image number'), kind: 'text', hint: say('编号的开头', 'how it begins') },
      { name: 'label', title: say('标签', 'Label'), kind: 'choice', options: wordOptions('LABEL', row => ({ value: row.name, label: row.name })) },
      { name: 'attachment_type', title: say('附件类型', 'Attachment type'), kind: 'choice', options: wordOptions('ATTACHMENT_TYPE', row => ({ value: String(row.number), label: row.name })) },
      { name: 'created_from', title: say('存入自', 'Stored from'), kind: 'day', asTime: 'begin' }, { name: 'created_to', title: say('存入至', 'Stored to'), kind: 'day', asTime: 'end' },
    ],
    columns: [
      { key: 'name', title: say('文件名', 'Name'), isMain: true, show: row => <a href={`/api/v1/files/${row.id}?download=1`} download>{row.name}</a> },
      { key: 'label', title: say('标签', 'Label'), show: row => row.label }, { key: 'kind', title: say('附件类型', 'Attachment type'), show: row => row.attachment_type_name ?? (row.attachment_type || null) }, { key: 'size', title: say('大小', 'Size'), isNumber: true, show: row => size(row.size) },
      { key: 'type', title: say('单据类型', 'Bill type'), show: row => row.bill_type_name || row.bill_type }, { key: 'bill', title: say('影像编号', 'Image number'), show: row => <Link className="number-of" to={`/bills/${row.bill_id}`}>{row.bill_number}</Link> },
      { key: 'at', title: say('存入', 'Stored'), show: row => time(row.created_at) },
    ],
  }),
}

const isEas = (typed: Row) => (typed.kind ?? 'eas') === 'eas'
const namesText = (row: Row) => Object.entries(row.names ?? {}).map(([key, value]) => `${key}=${value ?? ''}`).join('\n')
const namesOf = (text: unknown) => Object.fromEntries(String(text ?? '').split('\n').filter(line => line.includes('=')).map(line => [line.slice(0, line.indexOf('=')).trim(), line.slice(line.indexOf('=') + 1).trim()]))

function Verdict({ answer }: { answer: Row }) {
  return answer.is_right
    ? <p>{say('登录成功，接口可用。', 'Signed in; the interface answers.')}</p>
    : <ul>{(answer.findings ?? []).map((one: Row, i: number) => <li key={i}><code>{one.about}</code> {one.message}</li>)}</ul>
}

const systems: Kind = {
  page: 'business-systems', title: () => say('业务系统', 'Business systems'), path: '/api/v1/business-systems', id: 'id', mayEdit: 'SYSTEM_EDIT', change: 'PATCH', mayDrop: true,
  describe: () => ({
    empty: say('还没有业务系统，影像就绪后无处通知。点“新增”登记 EAS 的接口地址。', 'None yet, so that nobody is told of images. Add the address of your EAS.'),
    hint: say('影像就绪、退扫与审核会通知到这里的 ERP。“校验”会真正登录一次，并指出地址、数据中心、账号等哪一项有误。', 'The ERPs that are told of images. “Verify” really logs in, and says which of address, data centre, account and so on is wrong.'),
    columns: [
      { key: 'name', title: say('名称', 'Name'), isMain: true, show: row => row.name }, { key: 'kind', title: say('类型', 'Kind'), show: row => row.kind === 'webhook' ? 'Webhook' : 'EAS' },
      { key: 'resource', title: say('来源系统', 'For bills of'), show: row => row.resource || say('全部', 'all') },
      { key: 'prefix', title: say('接口地址', 'Address'), show: row => <code>{row.prefix}</code> },
      { key: 'login', title: say('数据中心 / 账号', 'Data centre / user'), show: row => [row.dc, row.user].filter(Boolean).join(' / ') },
      { key: 'check', title: say('校验', 'Verified'), show: row => row.is_checked ? <><Mark color="green">{say('已通过', 'right')}</Mark>{time(row.checked_at)}</> : <><Mark color="orange">{row.checked_at ? say('未通过', 'not right') : say('未校验', 'not yet')}</Mark>{row.check_note}</> },
      { key: 'state', title: say('状态', 'State'), show: enabled },
    ],
    fields: [
      { name: 'name', title: say('名称', 'Name'), kind: 'text', isRequired: true },
      { name: 'kind', title: say('类型', 'Kind'), kind: 'choice', isRequired: true, start: 'eas', options: [{ value: 'eas', label: 'EAS' }, { value: 'webhook', label: say('Webhook（签名的 JSON）', 'Webhook (signed JSON)') }] },
      { name: 'prefix', title: say('接口地址', 'Address'), kind: 'text', isRequired: true, hint: say('EAS 形如 http://主机:端口/ormrpc/services/；写错的会自动更正或说明', 'of an EAS like http://host:port/ormrpc/services/; what is wrong is put right or told') },
      { name: 'dc', title: say('数据中心代码', 'Data centre'), kind: 'text', isRequired: true, shows: isEas },
      { name: 'user', title: say('登录账号', 'User'), kind: 'text', isRequired: true, shows: isEas, hint: say('请用影像系统专用的账号', 'an account of the imaging system’s own') },
      { name: 'password', title: say('密码 / 签名密钥', 'Password, or key of the signature'), kind: 'secret' },
      { name: 'resource', title: say('来源系统', 'For bills of'), kind: 'text', hint: say('只通知该系统的单据；留空：没有其他系统对应的全部单据', 'only bills of that system; empty: all that no other is for') },
      { name: 'solution', title: say('方案名', 'Solution'), kind: 'text', shows: isEas, hint: say('一般为 eas', 'eas, as a rule') },
      { name: 'db_type', title: say('数据库类型', 'Database type'), kind: 'choice', shows: isEas, options: ['SQL Server', 'Oracle', 'DB2', 'PostgreSQL'].map((label, value) => ({ value, label })) },
      { name: 'language', title: say('语言', 'Language'), kind: 'choice', shows: isEas, options: [{ value: 'L1', label: 'L1 English' }, { value: 'L2', label: 'L2 简体' }, { value: 'L3', label: 'L3 繁體' }] },
      { name: 'auth_pattern', title: say('登录验证方式', 'Kind of authentication'), kind: 'text', when: 'old', shows: isEas, hint: say('EAS 的 authPattern，一般为 BaseDB', 'EAS’s authPattern; BaseDB as a rule') },
      { name: 'encode_pwd', title: say('密码传送方式', 'How the password is sent'), kind: 'number', when: 'old', shows: isEas, hint: say('EAS 的 isEncodePwd，-1 表示不传', 'EAS’s isEncodePwd; -1: it is not sent') },
      { name: 'names', title: say('接口与字段名', 'Names of the interface'), kind: 'long', when: 'old', shows: isEas, from: namesText, to: namesOf, hint: say('每行一项“键=值”，与标准不同时才需修改；留空值恢复标准', 'key=value, a line each; only where it differs from the standard, which an empty value brings back') },
      { name: 'is_enabled', title: say('启用', 'Enabled'), kind: 'flag', when: 'old' },
    ],
    tellMade: made => made.corrected && <p>{made.corrected}</p>,
    tellChanged: saved => saved.corrected && <p>{saved.corrected}</p>,
    acts: [
      { title: say('校验', 'Verify'), needs: 'SYSTEM_EDIT', run: row => post(`/api/v1/business-systems/${row.id}/verify`), tell: answer => <Verdict answer={answer as Row} /> },
      { title: say('同步组织与用户', 'Take people'), needs: 'SYSTEM_EDIT', shows: row => row.kind === 'eas' && row.is_enabled, open: (row, onClose) => <PeopleSync system={{ id: row.id, name: row.name }} onClose={onClose} /> },
    ],
  }),
}

const pointOptions = async () => [{ value: 0, label: say('不限', 'any') }, ...await options('/api/v1/scan-points', row => ({ value: row.scan_point_id, label: row.name }))]

function Looked({ row }: { row: Row }) {
  const status: Row = row.status ?? {}
  if (!status.is_reachable) return <p className="problem">{status.problem?.message}。{status.problem?.remedy}</p>
  return (
    <>
      <p>{status.capabilities?.model}</p>
      <ul>{(status.capabilities?.sources ?? []).map((one: Row) => <li key={one.source}>{one.source === 'FEEDER' ? say('进纸器', 'feeder') : say('平板', 'glass')}{one.has_duplex && say('，可双面', ', both sides')}：{one.dpi.join(', ')} dpi</li>)}</ul>
      {status.problem && <p className="problem">{status.problem.message}。{status.problem.remedy}</p>}
    </>
  )
}

const scanners: Kind = {
  page: 'scanners', title: () => say('扫描仪', 'Scanners'), path: '/api/v1/scanners', id: 'scanner_id', mayEdit: 'POINT_EDIT', mayDrop: true, noPages: true,
  describe: () => ({
    empty: say('还没有扫描仪。点“查找扫描仪”，或点“新增”填写其 IP 地址。', 'No scanners yet: find them in the network, or add one by its address.'),
    more: (again, may) => may('POINT_EDIT') && <FindScanners onDone={again} />,
    hint: say('支持 eSCL（AirScan / Mopria）的网络扫描仪，由服务器直接扫描到采集批次。填写其 IP 地址即可。', 'Network scanners that speak eSCL (AirScan, Mopria): the server scans from them into a session. Their IP address is enough.'),
    columns: [
      { key: 'name', title: say('名称', 'Name'), isMain: true, show: row => row.name },
      { key: 'address', title: say('地址', 'Address'), show: row => <code>{row.address}</code> },
      { key: 'model', title: say('型号', 'Model'), show: row => row.model },
      { key: 'for', title: say('使用范围', 'Who may use it'), show: row => row.scan_point || row.org_name || say('全部', 'all') },
      { key: 'check', title: say('校验', 'Verified'), show: row => row.is_checked ? <><Mark color="green">{say('可用', 'right')}</Mark>{time(row.checked_at)}</> : <><Mark color="orange">{row.checked_at ? say('不可用', 'not right') : say('未校验', 'not yet')}</Mark>{row.check_note}</> },
      { key: 'state', title: say('状态', 'State'), show: enabled },
    ],
    fields: [
      { name: 'name', title: say('名称', 'Name'), kind: 'text', isRequired: true },
      { name: 'address', title: say('地址', 'Address'), kind: 'text', isRequired: true, hint: say('如 192.168.1.20，或 http://192.168.1.20:8080/eSCL', 'like 192.168.1.20, or http://192.168.1.20:8080/eSCL') },
      { name: 'scan_point_id', title: say('只供扫描点', 'Only for the scan point'), kind: 'choice', options: pointOptions },
      { name: 'org', title: say('只供组织', 'Only for the organisation'), kind: 'choice', options: orgOptions },
      { name: 'is_enabled', title: say('启用', 'Enabled'), kind: 'flag', when: 'old' },
    ],
    acts: [{ title: say('校验', 'Verify'), needs: 'POINT_EDIT', run: row => post(`/api/v1/scanners/${row.scanner_id}/verify`), tell: answer => <Looked row={answer as Row} /> }],
  }),
}

export const kinds: Kind[] = [journal, scanners, systems, pushes, attachments, roles, organisations, enterprises, pushTable, audit, billTypes, labels, deliveries]

export const scanPoints = (onScanners: (row: Row) => void): Kind => ({
  page: 'scan-points', title: () => say('扫描点', 'Scan points'), path: '/api/v1/scan-points', id: 'scan_point_id', mayEdit: 'POINT_EDIT',
  describe: () => ({
    empty: say('还没有扫描点。新增后绑定扫描员，他们才能提交单据。', 'No scan points yet. Add one and bind scanners to it: then they may submit bills.'),
    more: (again, may) => may('POINT_EDIT') && <ImportPeople path="/api/v1/scan-points/import" onDone={again} />,
    hint: say('一名扫描员只属于一个扫描点；同一扫描点的人员共享单据。', 'A scanner belongs to one point; scanners of one point share their bills.'),
    columns: [
      { key: 'name', title: say('名称', 'Name'), isMain: true, show: row => row.name },
      { key: 'org', title: say('所属组织', 'Organisation'), show: row => row.org_name || row.org_code || theTenant() },
      { key: 'related', title: say('关联组织', 'Related'), show: row => names(row.related) },
      { key: 'address', title: say('地址', 'Address'), show: row => row.address },
      { key: 'scanners', title: say('扫描员', 'Scanners'), show: row => <Button type="link" onClick={() => onScanners(row)}>{names(row.scanners) || say('绑定扫描员', 'bind scanners')}</Button> },
      { key: 'state', title: say('状态', 'State'), show: active },
    ],
    fields: [
      { name: 'name', title: say('名称', 'Name'), kind: 'text', isRequired: true },
      { name: 'org', title: say('所属组织', 'Organisation'), kind: 'choice', options: orgOptions, from: row => row.org_code },
      { name: 'related', title: say('关联组织', 'Related organisations'), kind: 'choices', options: orgOptions, from: row => (row.related ?? []).map((one: Row) => one.code) },
      { name: 'address', title: say('地址', 'Address'), kind: 'text' },
      { name: 'is_active', title: say('启用', 'Active'), kind: 'flag', when: 'old' },
    ],
  }),
})
