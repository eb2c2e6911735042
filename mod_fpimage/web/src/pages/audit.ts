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
