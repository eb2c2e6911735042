/** How states and kinds are named and coloured. */
import { say } from '../words'
import { Mark } from '../parts/Mark'
import { toldReason, whoIs } from '../parts/told'

const COLOURS: Record<string, string> = {
  WAITING: 'default', UPLOADED: 'blue', SUBMITTED: 'green', REVIEWED: 'green', RESCAN: 'orange', MISMATCH: 'red', FAILED: 'red',
  RECOGNISED: 'cyan', MATCHED: 'green', VOID: 'default',
}

export function StateTag({ bill }: { bill: { state: string; state_name: string } }) {
  return <Mark color={COLOURS[bill.state] ?? 'default'}>{bill.state_name}</Mark>
}

/** Why the bill is where it is, and who said so. */
export function Reason({ bill }: { bill: { reason: string | null; reason_by: string | null } }) {
  if (!bill.reason) return null
  return <span className="reason">{say('原因：', 'reason: ')}{toldReason(bill.reason)}{bill.reason_by && <span className="reason-by">{say(`（${whoIs(bill.reason_by)}）`, ` (${whoIs(bill.reason_by)})`)}</span>}</span>
}

/** Where a bill is filed decides who sees it; the announced one is the applicant's and stands beside it where it is another. */
export function orgOf(bill: { org_code: string | null; org_name: string | null; filed_org_code?: string | null; filed_org_name?: string | null }): string | null {
  const announced = bill.org_name ?? bill.org_code
  if (!bill.filed_org_code) return announced
  const filed = bill.filed_org_name || bill.filed_org_code
  return !bill.org_code || bill.org_code === bill.filed_org_code ? filed : say(`${filed}（申请组织：${announced}）`, `${filed} (applicant’s: ${announced})`)
}

const FILE_STATES: Record<string, [string, string, string]> = {
  UNCHANGED: ['未改动', 'not touched', 'orange'], CHANGED: ['已替换', 'changed', 'green'], ADDED: ['新增', 'added', 'blue'], CONFIRMED: ['已确认', 'confirmed', 'green'],
}

/** What became of a file since the bill was sent back. */
export function FileStateTag({ state }: { state: string }) {
  const found = FILE_STATES[state]
  return found ? <Mark color={found[2]}>{say(found[0], found[1])}</Mark> : null
}

export const states = () => [
  { value: 'WAITING', label: say('待上传', 'awaiting upload') }, { value: 'UPLOADED', label: say('已上传', 'uploaded') },
  { value: 'SUBMITTED', label: say('已提交', 'submitted') }, { value: 'REVIEWED', label: say('已审核', 'reviewed') },
  { value: 'RESCAN', label: say('待重扫', 'to rescan') }, { value: 'MISMATCH', label: say('匹配失败', 'match failed') },
  { value: 'FAILED', label: say('处理失败', 'failed') }, { value: 'RECOGNISED', label: say('已识别', 'recognised') },
  { value: 'MATCHED', label: say('匹配成功', 'matched') }, { value: 'VOID', label: say('已作废', 'void') },
]

export const kindName = (kind: string): string => ({
  COVER: say('封面', 'Cover'), INVOICE: say('发票', 'Invoice'), ATTACHMENT: say('附件', 'Attachment'), BLANK: say('空白页', 'Blank'), AUTO: say('自动', 'Automatic'),
}[kind] ?? kind)

export const formatName = (format: string): string => ({
  WORD: 'Word', EXCEL: 'Excel', POWERPOINT: 'PowerPoint', OLE: say('旧版 Office', 'old Office'), TEXT: say('文本', 'text'), WEBP: 'WebP',
}[format] ?? format)

export const sourceName = (source: string): string => ({
  XML: 'XML', XBRL: 'XBRL', OFD: 'OFD', OFD_TAG: 'OFD', OFD_TEXT: say('OFD 文字', 'OFD text'), PDF_TEXT: say('PDF 文字', 'PDF text'), QR: say('二维码', 'QR code'), CLOUD: say('云识别', 'cloud'),
  HAND: say('人工', 'by hand'), EDITOR: say('人工', 'by hand'),
}[source] ?? source)

export const fieldName = (name: string): string => ({
  number: say('发票号码', 'Number'), code: say('发票代码', 'Code'), date: say('开票日期', 'Date'), net: say('不含税金额', 'Net'), tax: say('税额', 'Tax'),
  gross: say('价税合计', 'Gross'), seller_name: say('销售方', 'Seller'), seller_tax_no: say('销售方税号', 'Seller’s tax no.'), buyer_name: say('购买方', 'Buyer'),
  buyer_tax_no: say('购买方税号', 'Buyer’s tax no.'), drawer: say('开票人', 'Drawer'), remark: say('备注', 'Remark'), check_code: say('校验码', 'Check code'), type: say('票种', 'Type'), near_number: say('号码相近', 'like numbers'), near_gross: say('金额相近', 'like sums'), near_date: say('日期相近', 'like dates'), seller: say('销售方', 'Seller'), buyer: say('购买方', 'Buyer'),
}[name] ?? name)
