/** The pages, who may see them, and where they stand in the menu. */
import { say } from './words'

export interface Entry { page: string; title: () => string; needs?: string }
export interface Group { key: string; title: () => string; entries: Entry[] }

export const menu: Group[] = [
  { key: 'work', title: () => say('影像工作', 'Work'), entries: [
    { page: 'home', title: () => say('首页', 'Home') },
    { page: 'capture', title: () => say('影像采集', 'Capture'), needs: 'CAPTURE' },
    { page: 'bills', title: () => say('影像单据', 'Bills'), needs: 'BILL_VIEW' },
    { page: 'invoices', title: () => say('发票', 'Invoices'), needs: 'BILL_VIEW' },
    { page: 'attachments', title: () => say('附件', 'Attachments'), needs: 'BILL_VIEW' },
    { page: 'exports', title: () => say('导出任务', 'Exports'), needs: 'EXPORT' },
  ] },
  { key: 'traffic', title: () => say('推送与通知', 'Traffic'), entries: [
    { page: 'pushes', title: () => say('收票推送', 'Pushes'), needs: 'DELIVERY' },
    { page: 'deliveries', title: () => say('ERP 通知', 'ERP notices'), needs: 'DELIVERY' },
    { page: 'statistics', title: () => say('统计', 'Statistics'), needs: 'STATISTICS' },
  ] },
  { key: 'people', title: () => say('人员与组织', 'People'), entries: [
    { page: 'users', title: () => say('用户', 'Users'), needs: 'PEOPLE_VIEW' },
    { page: 'roles', title: () => say('角色', 'Roles'), needs: 'PEOPLE_VIEW' },
    { page: 'organisations', title: () => say('组织', 'Organisations'), needs: 'PEOPLE_VIEW' },
    { page: 'scan-points', title: () => say('扫描点', 'Scan points'), needs: 'POINT_EDIT' },
    { page: 'scanners', title: () => say('扫描仪', 'Scanners'), needs: 'POINT_EDIT' },
  ] },
  { key: 'rules', title: () => say('影像设置', 'Imaging'), entries: [
    { page: 'cover-rules', title: () => say('影像编码规则', 'Image-code rules'), needs: 'SETTINGS' },
    { page: 'file-formats', title: () => say('文件格式', 'File formats'), needs: 'SETTINGS' },
    { page: 'bill-types', title: () => say('单据类型', 'Bill types'), needs: 'SETTINGS' },
    { page: 'labels', title: () => say('标签', 'Labels'), needs: 'SETTINGS' },
    { page: 'settings', title: () => say('模式与开关', 'Modes and switches'), needs: 'SETTINGS' },
  ] },
  { key: 'system', title: () => say('系统', 'System'), entries: [
    { page: 'enterprises', title: () => say('企业授权', 'Enterprises'), needs: 'ENTERPRISE_VIEW' },
    { page: 'push-table', title: () => say('推送表', 'Push table'), needs: 'ENTERPRISE_VIEW' },
    { page: 'business-systems', title: () => say('业务系统', 'Business systems'), needs: 'SYSTEM_EDIT' },
    { page: 'storage', title: () => say('存储用量', 'Storage'), needs: 'STORAGE' },
    { page: 'audit-log', title: () => say('审计日志', 'Audit log'), needs: 'AUDIT' },
    { page: 'journal', title: () => say('未知调用', 'Unknown calls'), needs: 'DOCTOR' },
    { page: 'doctor', title: () => say('系统自检', 'Self-check'), needs: 'DOCTOR' },
  ] },
]

export const entryOf = (page: string) => menu.flatMap(group => group.entries).find(one => one.page === page)

/** The groups with what these permissions open. */
export function menuFor(permissions: string[], built: (page: string) => boolean): Group[] {
  return menu
    .map(group => ({ ...group, entries: group.entries.filter(one => built(one.page) && (!one.needs || permissions.includes(one.needs))) }))
    .filter(group => group.entries.length > 0)
}
