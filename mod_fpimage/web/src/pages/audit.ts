/** What administrators did, as the audit log names it, in words: what it was done to, and what was done. */
import { say } from '../words'

const objects: Record<string, [string, string]> = {
  'bill-type': ['单据类型', 'bill type'], 'cover-rule': ['影像编码规则', 'image-code rule'], enterprise: ['企业授权', 'enterprise'], 'file-formats': ['文件格式', 'file formats'],
  journal: ['未知调用记录', 'journal'], label: ['标签', 'label'], mode: ['影像模式', 'mode'], organisation: ['组织', 'organisation'], 'pull-path': ['取数路径', 'pull path'],
  'push-table': ['推送表', 'push table'], role: ['角色', 'role'], 'scan-point': ['扫描点', 'scan point'], switch: ['开关', 'switch'], system: ['业务系统', 'business system'],
  'token-keys': ['token 密钥', 'token keys'], user: ['用户', 'user'], scanner: ['扫描仪', 'scanner'], users: ['用户', 'users'], people: ['ERP 人员', 'people of an ERP'], tenant: ['租户', 'tenant'],
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

const members: Record<string, [string, string]> = {
  name: ['名称', 'name'], code: ['编码', 'code'], tax_no: ['税号', 'tax number'], parent: ['上级组织', 'above it'], is_active: ['启用', 'active'], is_enabled: ['启用', 'enabled'], is_checked: ['已校验', 'checked'],
  mobile: ['手机号', 'mobile'], mail: ['邮箱', 'mail'], org: ['组织', 'organisation'], roles: ['角色', 'roles'], is_head: ['部门负责人', 'head'], permissions: ['权限', 'permissions'], address: ['地址', 'address'],
  related: ['关联组织', 'related organisations'], user: ['用户', 'user'], scan_point: ['扫描点', 'scan point'], grants: ['查看范围', 'sees'], secret: ['密钥', 'secret'], encrypt_key: ['加密密钥', 'encryption key'],
  password: ['密码', 'password'], url: ['推送地址', 'address'], prefix: ['接口地址', 'address'], solution: ['解决方案', 'solution'], dc: ['数据中心', 'data centre'], language: ['语言', 'language'], resource: ['单据来源', 'resource'],
  kind: ['种类', 'kind'], value: ['值', 'value'], domain: ['登录域', 'login domain'], mode: ['模式', 'mode'], number: ['编号', 'number'], separator: ['分隔符', 'separator'], parts: ['组成', 'parts'], bill_type: ['单据类型', 'bill type'],
}
/** Of a whole row: who made it and when stands in the log itself. */
const UNTOLD = new Set(['id', 'version', 'created_at', 'updated_at'])

function valueOf(value: unknown): string {
  if (value === null || value === undefined || value === '') return say('无', 'none')
  if (value === true || value === 'true') return say('是', 'yes')
  if (value === false || value === 'false') return say('否', 'no')
  if (Array.isArray(value)) return value.map(valueOf).join('、') || say('无', 'none')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const isChange = (value: unknown): value is [unknown, unknown] => Array.isArray(value) && value.length === 2 && value.every(one => one === null || typeof one !== 'object')

/** What was changed, member by member: before and after, or that it is another one. */
export function auditChanges(detail: unknown): { name: string; text: string }[] {
  if (!detail || typeof detail !== 'object') return []
  return Object.entries(detail).filter(([name]) => !UNTOLD.has(name)).map(([name, value]) => ({
    name: members[name] ? say(...members[name]) : name,
    text: value === 'changed' ? say('已更换', 'another one') : isChange(value) && name !== 'grants' ? `${valueOf(value[0])} → ${valueOf(value[1])}` : valueOf(value),
  }))
}
