/** What administrators did, as the audit log names it, in words: what it was done to, and what was done. */
import { say } from '../words'

const objects: Record<string, [string, string]> = {
  'bill-type': ['单据类型', 'bill type'], 'cover-rule': ['影像编码规则', 'image-code rule'], enterprise: ['企业授权', 'enterprise'], 'file-formats': ['文件格式', 'file formats'],
  journal: ['未知调用记录', 'journal'], label: ['标签', 'label'], mode: ['影像模式', 'mode'], organisation: ['组织', 'organisation'], 'pull-path': ['取数路径', 'pull path'],
  'push-table': ['推送表', 'push table'], role: ['角色', 'role'], 'scan-point': ['扫描点', 'scan point'], switch: ['开关', 'switch'], system: ['业务系统', 'business system'],
  'token-keys': ['token 密钥', 'token keys'], address: ['登录地址', 'sign-in address'], user: ['用户', 'user'], scanner: ['扫描仪', 'scanner'], users: ['用户', 'users'], people: ['ERP 人员', 'people of an ERP'], tenant: ['租户', 'tenant'],
}
const acts: Record<string, [string, string]> = {
  added: ['新增', 'added'], changed: ['修改', 'changed'], removed: ['删除', 'removed'], checked: ['校验', 'checked'], enabled: ['启用', 'enabled'], disabled: ['停用', 'disabled'],
  bound: ['绑定', 'bound'], unbound: ['解除绑定', 'unbound'], granted: ['设定查看范围', 'granted'], reset: ['重置密码', 'password reset'], unlocked: ['解锁', 'unlocked'],
  'password-changed': ['修改密码', 'password changed'], verified: ['验证连接', 'verified'], rotated: ['更换', 'rotated'], 'capture-on': ['开启保存报文', 'bodies kept'], 'capture-off': ['停止保存报文', 'bodies no longer kept'],
  imported: ['导入', 'imported'], synced: ['同步', 'taken over'], 'sync-failed': ['同步失败', 'not taken over'], 'grant-removed': ['取消查看范围', 'grant taken away'],
}

/** "user.granted" in words; what is not known stays as it is. */
export function auditName(action: string): string {
  const [object, act] = action.split('.')
  if (!objects[object] || !acts[act]) return action
  return say(`${objects[object][0]} · ${acts[act][0]}`, `${objects[object][1]} ${acts[act][1]}`)
}

/** Modes are said of something: "bill type ER_Expense". */
export function auditObject(action: string, object: string): string {
  const [, what, code] = /^(tenant|organisation|bill type)(?: (.*))?$/.exec(action === 'mode.changed' ? object : '') ?? []
  return what ? say({ tenant: '租户', organisation: '组织', 'bill type': '单据类型' }[what] ?? what, what) + (code ? ` ${code}` : '') : object
}

/** What the log may be asked for; not each act is done to each object. */
const DONE: Record<string, string> = {
  user: 'added changed disabled enabled unlocked reset granted grant-removed password-changed', users: 'imported', role: 'added changed', organisation: 'added changed', 'scan-point': 'added changed bound unbound',
  enterprise: 'added changed checked enabled disabled removed', 'push-table': 'added changed removed', system: 'added changed removed verified', people: 'synced sync-failed', 'bill-type': 'added changed',
  label: 'added changed removed', 'cover-rule': 'added changed removed', switch: 'changed', mode: 'changed', 'pull-path': 'changed', 'file-formats': 'changed', scanner: 'added changed removed verified', 'token-keys': 'rotated',
}
export const auditActions = () => Object.entries(DONE).flatMap(([object, list]) => list.split(' ').map(act => `${object}.${act}`)).map(value => ({ value, label: auditName(value) }))

const members: Record<string, [string, string]> = {
  name: ['名称', 'name'], code: ['编码', 'code'], tax_no: ['税号', 'tax number'], parent: ['上级组织', 'above it'], is_active: ['启用', 'active'], is_enabled: ['启用', 'enabled'], is_checked: ['已校验', 'checked'],
  mobile: ['手机号', 'mobile'], mail: ['邮箱', 'mail'], org: ['组织', 'organisation'], roles: ['角色', 'roles'], is_head: ['部门负责人', 'head'], permissions: ['权限', 'permissions'], address: ['地址', 'address'],
  related: ['关联组织', 'related organisations'], user: ['用户', 'user'], scan_point: ['扫描点', 'scan point'], grants: ['查看范围', 'sees'], secret: ['密钥', 'secret'], encrypt_key: ['加密密钥', 'encryption key'],
  password: ['密码', 'password'], url: ['推送地址', 'address'], prefix: ['接口地址', 'address'], solution: ['解决方案', 'solution'], dc: ['数据中心', 'data centre'], language: ['语言', 'language'], resource: ['单据来源', 'resource'],
  kind: ['种类', 'kind'], value: ['值', 'value'], domain: ['登录域', 'login domain'], mode: ['模式', 'mode'], number: ['编号', 'number'], separator: ['分隔符', 'separator'], parts: ['组成', 'parts'], org_id: ['组织编号', 'organisation id'], scanners: ['扫描员', 'scanners'], cloud_client_id: ['发票云 client_id', 'client_id at the cloud'], cloud_secret: ['发票云密钥', 'secret at the cloud'], db_type: ['数据库类型', 'database type'], encode_pwd: ['密码传送方式', 'how the password is sent'], auth_pattern: ['登录验证方式', 'kind of authentication'], is_full: ['全量', 'all of them'], added: ['新增', 'added'], changed: ['变更', 'changed'], unchanged: ['未变', 'unchanged'], refused: ['拒绝', 'refused'], missing: ['缺少', 'missing'], disabled: ['停用', 'disabled'], run: ['批次', 'run'], bill_type: ['单据类型', 'bill type'],
}
export const memberName = (name: string): string => members[name] ? say(...members[name]) : name
/** Of a whole row: who made it and when stands in the log itself; permissions are told by parts/PermissionChange. */
const UNTOLD = new Set(['id', 'version', 'created_at', 'updated_at', 'permissions'])

const values: Record<string, [string, string]> = {
  LABEL: ['标签', 'label'], ATTACHMENT_TYPE: ['附件类型', 'attachment type'], BASIC: ['基础', 'basic'], MATCH: ['匹配', 'match'], SYNC: ['同步', 'sync'], basic: ['基础', 'basic'], match: ['匹配', 'match'], sync: ['同步', 'sync'],
  on: ['开', 'on'], off: ['关', 'off'], changed: ['已更换', 'another one'], set: ['已设置', 'set'], cleared: ['已清除', 'cleared'],
}

/** A part of an image-code rule. */
function partOf(part: Record<string, unknown>): string | null {
  if (part.kind === 'CONSTANT') return String(part.text)
  return part.kind === 'DIGITS' ? say(`${part.least}–${part.most} 位数字`, `${part.least}–${part.most} digits`) : null
}

function valueOf(value: unknown): string {
  if (value === null || value === undefined || value === '') return say('无', 'none')
  if (value === true || value === 'true') return say('是', 'yes')
  if (value === false || value === 'false') return say('否', 'no')
  if (Array.isArray(value)) return value.map(valueOf).join(say('、', ', ')) || say('无', 'none')
  if (typeof value === 'object') return partOf(value as Record<string, unknown>) ?? JSON.stringify(value)
  const text = String(value)
  const grant = /^(.*): (ALL|OWN)( with below)?$/.exec(text)
  if (grant) return (grant[1] || say('租户', 'the tenant')) + (grant[2] === 'ALL' ? say('：所有人的单据', ': everybody’s bills') : say('：仅本人的单据', ': his own bills')) + (grant[3] ? say('，含下级', ', and below') : '')
  return values[text] ? say(...values[text]) : text
}

/** What they are now, all of them: no pair of before and after, though there may be two. */
const LISTS = new Set(['grants', 'roles', 'related', 'scanners', 'parts'])
const isChange = (name: string, value: unknown): value is [unknown, unknown] => !LISTS.has(name) && Array.isArray(value) && value.length === 2

/** A new one has this and that; what it has not, and counts of nothing, are not told. */
const isNone = (value: unknown) => value === null || value === '' || value === 0 || (Array.isArray(value) && value.length === 0)

/** What was changed, member by member: before and after, or that it is another one. */
export function auditChanges(action: string, detail: unknown): { name: string; text: string }[] {
  if (!detail || typeof detail !== 'object') return []
  const isNew = action.endsWith('.added')
  return Object.entries(detail).filter(([name, value]) => !UNTOLD.has(name) && !((isNew || action.startsWith('people.')) && isNone(value))).map(([name, value]) => ({
    name: memberName(name),
    text: isChange(name, value) && !isNew ? `${valueOf(value[0])} → ${valueOf(value[1])}` : valueOf(isNew && isChange(name, value) ? value[1] : value),
  }))
}
