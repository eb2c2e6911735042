/** What the server keeps in one language (timelines, reasons of pushes and notices), said in the reader's. A sentence that is not
 *  known here is shown as it is kept: nothing is ever hidden. Names that people gave are never touched. */
import { fieldName } from '../pages/state'
import { currentLang, half, size } from '../words'

const STATES: Record<string, string> = {
  'awaiting upload': '待上传', uploaded: '已上传', submitted: '已提交', reviewed: '已审核', 'to rescan': '待重扫', 'match failed': '匹配失败', failed: '处理失败',
  recognised: '已识别', matched: '匹配成功', void: '已作废',
}
const ACTS: Record<string, string> = {
  announce: '登记', push: '收票推送', attach: '存入影像', submit: '提交', review: '审核', rescan: '退扫', 'cancel rescan': '撤销退扫', void: '作废', 'bind voucher': '绑定凭证',
  resubmit: '重新提交', 'edit files': '整理影像', 'take away the last file': '删除全部影像', lock: '锁定', recognise: '识别完成', match: '匹配', 'fail to match': '判定匹配失败', 'match no longer': '退出匹配',
}
const KINDS: Record<string, string> = { cover: '封面', invoice: '发票', attachment: '附件' }
const NOTICES: Record<string, string> = { 'images ready': '影像已就绪', ready: '影像已就绪', 'sent back': '退回重扫', 'ready again': '重新就绪', reviewed: '影像已审核', review: '影像已审核' }

const word = (of: Record<string, string>, text: string) => of[text] ?? text
const state = (text: string) => word(STATES, text)
const kind = (text: string) => word(KINDS, text)
const STATE = Object.keys(STATES).join('|')
const KIND = Object.keys(KINDS).join('|')

type Say = (...parts: string[]) => string
const sentences: [RegExp, Say][] = [
  [new RegExp(`^([\\w ]+): (${STATE}) -> (${STATE})$`), (act, from, to) => `${word(ACTS, act)}：${state(from)} → ${state(to)}`],
  [new RegExp(`^([^]*) \\((${STATE}) -> (${STATE})\\)$`), (head, from, to) => `${told(head)}（${state(from)} → ${state(to)}）`],
  [/^images are there: ([\w ]+) -> ([\w ]+)$/, (from, to) => `影像已齐：${state(from)} → ${state(to)}`],
  [/^the ERP announced the bill$/, () => 'ERP 登记了单据'],
  [/^the ERP changed the bill's data$/, () => 'ERP 更新了单据信息'],
  [/^files came before the ERP announced the bill$/, () => 'ERP 登记之前影像先到'],
  [/^the receipt assistant announced invoices$/, () => '收票助手推送了通知'],
  [/^the receipt assistant pushed the bill with its invoices$/, () => '收票助手推送了单据及其发票'],
  [/^an older push arrived late and changed nothing$/, () => '较旧的推送迟到，未作改动'],
  [/^newer content had arrived before$/, () => '此前已收到更新的内容'],
  [/^put back to work by hand$/, () => '已人工重放'],
  [/^the receipt is asked again, by hand$/, () => '人工重新向收票取数'],
  [/^(\d+) invoices \((\d+) new or changed, (\d+) taken away\), (\d+) files fetched, (\d+) refused(?:: ([^]*))?$/,
    (all, changed, gone, files, refused, why) => `发票 ${all} 张（新增或变更 ${changed}，移除 ${gone}），取回文件 ${files} 个${refused === '0' ? '' : `，拒收 ${refused} 个`}${why ? `：${why}` : ''}`],
  [/^the cloud has no invoices for this bill$/, () => '发票云没有此单据的发票'],
  [/^sums of (\d+) invoices can't be read and count as different: ([^]*)$/, (count, list) => `${count} 张发票的金额无法读取，按不一致处理：${list}`],
  [/^(\d+) of (\d+) invoices came without a link to a file, so that no image of them can be fetched: ([^]*)$/, (some, all, list) => `${all} 张发票中 ${some} 张没有文件地址，无法取得影像：${list}`],
  [/^(\d+) of (\d+) members of the list of invoices say no invoice, [^:]*: ([^;]*); [^]*$/, (some, all, list) => `发票列表的 ${all} 项中 ${some} 项不是发票（没有号码、代码、日期、金额、双方或文件），未采用：第 ${list} 项；在此之前不移除任何发票`],
  [new RegExp(`^(\\d+) of (\\d+) (${KIND})s came without an address, so that they can't be fetched: ([^]*)$`), (some, all, what, list) => `${all} 个${kind(what)}中 ${some} 个没有地址，无法取得：第 ${list} 项`],
  [/^the push says nothing of covers or attachments, and the cloud could not be asked for them, so that what it brought stands: ([^]*)$/, why => `推送未提及封面或附件，且无法向发票云查询，以推送内容为准：${told(why)}`],
  [/^([^]*) is neither an address nor a list or object with addresses: nothing was fetched for it$/, name => `${name} 既不是地址，也不是地址列表或对象，未取得文件`],
  [/^nothing is taken off the submitted bill, as files that the receipt has now can't be had$/, () => '收票中现有的文件无法取得，已提交的单据暂不移除影像'],
  [/^the submitted bill mirrors the receipt: (\d+) files went, (\d+) came; the ERP is told "ready" again$/, (went, came) => `已提交的单据随收票更新：移除文件 ${went} 个，新增 ${came} 个；再次通知 ERP 影像已就绪`],
  [/^the cloud did not recognise content (\w+): ([^]*)$/, (content, why) => `发票云未能识别内容 ${content}…：${why}`],
  [/^the cloud was asked about content (\w+): (\d+) invoices(?:; sums that can't be read: ([^]*?))?(?:; left out, as it can't be read: ([^]*))?$/,
    (content, count, unread, left) => `发票云识别内容 ${content}…：${count} 张发票${unread ? `；金额无法读取：${unread}` : ''}${left ? `；无法读取而略去：${left}` : ''}`],
  [/^the corrections of (\d+) invoices came with ([^]*)$/, (count, name) => `${count} 张发票的人工更正随“${name}”带入`],
  [/^the corrections of (\d+) invoices went: [^]*$/, count => `${count} 张发票的人工更正已失效：其所依据的内容或页已被替换`],
  [/^nothing was changed: ([^]*)$/, why => `未作改动：${told(why)}`],
  [/^given up: ([^]*); remove the cause, then (replay the push|sync it again)$/, (why, how) => `已搁置：${told(why)}；排除原因后请${how === 'sync it again' ? '重新取数' : '重放推送'}`],
  [/^worked on in basic mode rather than synchronised, as the ERP has not announced the bill$/, () => 'ERP 尚未登记此单据，按基础模式处理'],
  [new RegExp(`^(${KIND}) ([^]+?)(?: pages (\\d+)-(\\d+))? stored, (\\d+) bytes, sha256 ([0-9a-f]{8})[0-9a-f]*$`),
    (what, name, from, to, bytes, sha) => `存入${kind(what)}“${name}”${from ? `第 ${from}–${to} 页` : ''}，${size(Number(bytes))}，sha256 ${sha}…`],
  [new RegExp(`^(?:(${KIND}) )?([^]+) taken off the bill(?:, as the receipt has it no more|: nobody expects its invoices)?[;,] sha256 ([0-9a-f]{8})[0-9a-f]*[^]*$`),
    (what, name, sha) => `移除${what ? kind(what) : '文件'}“${name}”（原件保留，sha256 ${sha}…）`],
  [new RegExp(`^(${KIND}) ([^]+) replaced by ([^]+), sha256 ([0-9a-f]{8})[0-9a-f]* -> ([0-9a-f]{8})[0-9a-f]*; the old bytes are kept$`),
    (what, name, other, was, is) => `${kind(what)}“${name}”替换为“${other}”（原件保留，sha256 ${was}… → ${is}…）`],
  [new RegExp(`^(${KIND}) ([^]+) moved to bill (\\S+), sha256 [^]*$`), (what, name, to) => `${kind(what)}“${name}”移到单据 ${to}`],
  [new RegExp(`^([^]+): (${KIND}) -> (${KIND})$`), (name, from, to) => `“${name}”：${kind(from)} → ${kind(to)}`],
  [/^([^]+): turned from (\d+) to (\d+)$/, (name, from, to) => `“${name}”旋转：${from}° → ${to}°`],
  [/^([^]+): label "([^]*)", \1: attachment type (\d+)$/, (name, label, type) => `“${name}”标签：${label || '无'}，附件类型：${type}`],
  [/^([^]+): label "([^]*)"$/, (name, label) => `“${name}”标签：${label || '无'}`],
  [/^([^]+): attachment type (\d+)$/, (name, type) => `“${name}”附件类型：${type}`],
  [/^([^]+): confirmed$/, name => `“${name}”已确认无误`],
  [/^bill type ([^]+)$/, type => `单据类型定为 ${type}`],
  [/^files put in (?:another order|the order of fileList)$/, () => '调整了文件顺序'],
  [/^files ([\d, .]+) merged into one document$/, ids => `文件 ${ids} 合并为一份`],
  [/^([^]+) split(?: at page ([\d, ]+))?$/, (name, at) => `拆分“${name}”${at ? `，自第 ${at} 页` : ''}`],
  [/^(\d+) pages of capture (\d+) filed, from its page (\d+) on(, without number)?$/, (pages, id, from, bare) => `采集批次 ${id} 自第 ${from} 页起的 ${pages} 页已归档${bare ? '（无编号）' : ''}`],
  [/^(\d+) pages of capture (\d+) were on the bill already$/, (pages, id) => `采集批次 ${id} 中 ${pages} 页单据已有，未重复归档`],
  [/^(\d+) blank pages of capture (\d+) left out: places ([\d, .]+)$/, (pages, id, places) => `采集批次 ${id} 略去空白页 ${pages} 页：第 ${places} 页`],
  [/^(\d+) invoices read in (\d+) files: (\d+) new, (\d+) changed, (\d+) gone$/, (all, files, added, changed, gone) => `从 ${files} 个文件识别出 ${all} 张发票：新增 ${added}，变更 ${changed}，消失 ${gone}`],
  [/^([^]+) is kept as it came, but can't be shown or read: ([^]*)$/, (name, why) => `“${name}”已原样保存，但无法显示或识别：${half(why)}`],
  [/^reading its files was given up: ([^]*)$/, why => `识别已放弃：${half(why)}`],
  [/^(\d+) invoices? match(?:es)?$/, count => `${count} 张发票匹配`],
  [/^(\d+) invoices? (?:do|does) not match: ([^]*)$/, (count, list) => `${count} 张发票未匹配：${differences(list)}`],
  [/^it is not matched any more: it is worked on in another mode$/, () => '改用其他模式，不再匹配'],
  [/^not submitted by itself: ([^]*)$/, why => `未自动提交：${why}`],
  [/^all that is required matches$/, () => '应有发票全部匹配'],
  [/^(paired|set apart) by hand: expected ([^]*) and found ([^]*) \(id \d+\)$/, (how, expected, found) => `人工${how === 'paired' ? '配对' : '拆开'}：应有 ${expected}，实有 ${found}`],
  [/^([^]+) shows invoice (\S+), a hand says; nothing could be read from it$/, (name, number) => `人工指明“${name}”为发票 ${number}（文件无法识别）`],
  [/^submitted all the same with invoices that are on other submitted bills: ([^]*)$/, list => `仍然提交，其中的发票已在其他已提交单据上：${twins(list)}`],
  [/^submitted with invoices that are on other submitted bills, here as attachments: ([^]*)$/, list => `提交时，以下发票作为附件，已在其他已提交单据上：${twins(list)}`],
  [/^invoice ([^]+?) corrected by hand:((?: \w+ (?:= [^]*?|as read);)+)$/, (number, list) => `人工更正发票 ${number === 'without number' ? '（无号码）' : number}：${corrections(list)}`],
  [/^((?:invoice \S+ (?:is|has) [^;]*(?:; )?)+)(; and \d+ more)?$/, (list, more) => list.split('; ').filter(Boolean).map(twin).join('；') + (more ? ` 等（另 ${/\d+/.exec(more)?.[0]} 张）` : '')],
  [/^([^]*?)(?:; )?files: (\d+) changed, (\d+) added, (\d+) confirmed, (\d+) unchanged(?:, (\d+) dropped)?$/,
    (head, changed, added, confirmed, same, gone) => `${head ? `${told(head)}；` : ''}文件：更正 ${changed}，新增 ${added}，确认 ${confirmed}，未改 ${same}${gone ? `，移除 ${gone}` : ''}`],
  [/^locked$/, () => '已锁定'], [/^unlocked$/, () => '已解锁'],
  [/^voucher ([^]+) bound(, bill locked)?$/, (voucher, lock) => `绑定凭证 ${voucher}${lock ? '，单据已锁定' : ''}`],
  [/^notice "([^"]*)": ([^]*)$/, (notice, rest) => `通知“${word(NOTICES, notice)}”：${told(rest)}`],
  [/^told to ([^]+?)(?: at try (\d+))?$/, (system, tries) => `已送达 ${system}${tries ? `（第 ${tries} 次）` : ''}`],
  [/^not told: ([^]*?)(; it is tried on for 3 days)?$/, (why, on) => `未送达：${told(why)}${on ? '；3 天内自动重试' : ''}`],
  [/^given up after (\d+) tries: ([^]*?); remove the cause, then [^]*$/, (tries, why) => `尝试 ${tries} 次后搁置：${told(why)}；排除原因后请重发`],
  [/^skipped: ([^]*)$/, why => `已跳过：${told(why)}`],
  [/^skipped, as it was withdrawn before the ERP was told$/, () => '已跳过：通知 ERP 前已撤销'],
  [/^refused, and a newer one waits: ([^]*)$/, why => `被拒绝，且已有更新的通知：${told(why)}`],
  [/^the bill was voided$/, () => '单据已作废'],
  [/^it is told once more, by hand$/, () => '人工重发'],
  [/^it is told once more: ([^]*)$/, why => `重新通知：${told(why)}`],
  [/^([^]+) has it already \(state (\d+)\)[^]*$/, system => `${system} 已有此状态`],
  [/^([^]+) answers again: tried again[^]*$/, system => `${system} 已恢复应答，重新发送`],
  [/^([^]+) could not be reached just now$/, system => `暂时无法连接 ${system}`],
  [/^no business system for resource "([^"]*)"[^]*$/, resource => `没有为来源“${resource}”配置业务系统，无处通知；请先添加业务系统，再重发`],
  [/^(\d+) notices to the ERP are skipped, as the bill was voided$/, count => `单据作废，跳过 ${count} 条 ERP 通知`],
  [/^(\d+) notices to the ERP are tried again, by hand$/, count => `人工重发 ${count} 条 ERP 通知`],
  [/^(?:\d+ ERP_REFUSED: )?telling ([^" ]+) "([^"]*)" of (\S+): \1 refuses: ([^]*?)(?: \((\w*)\))?$/, (system, notice, _number, why, code) => `${system} 拒收“${word(NOTICES, notice)}”：${why}${code ? `（代码 ${code}）` : ''}`],
  [/^(?:\d+ [A-Z_]+: )?telling ([^" ]+) "([^"]*)" of (\S+): ([^]*)$/, (system, notice, _number, why) => `通知 ${system}“${word(NOTICES, notice)}”失败：${why}`],
  [/^the push table has no row for client_id (\S*) \/ tax number (\S*?); add it with [^]*$/, (client, tax) => `推送表中没有 client_id ${client} / 税号 ${tax}，请在“推送表”中添加`],
  [/^unknown path$/, () => '没有此地址'], [/^push without identity$/, () => '推送中没有影像编号'],
  [/^saved without a check$/, () => '保存时未校验'],
]

/* what lib/service/match_words.c says of invoices that do not match, in both languages: a bill keeps its reason in Chinese, its
 * timeline in English */
const FIELDS = ['number', 'code', 'type', 'date', 'net', 'tax', 'gross', 'seller_name', 'seller_tax_no', 'buyer_name', 'buyer_tax_no']
const FIELDS_ZH: Record<string, string> = {
  发票号码: 'number', 发票代码: 'code', 票种: 'type', 开票日期: 'date', 不含税金额: 'net', 税额: 'tax', 价税合计: 'gross',
  销方名称: 'seller_name', 销方税号: 'seller_tax_no', 购方名称: 'buyer_name', 购方税号: 'buyer_tax_no',
}
const EN = FIELDS.join('|')
const ZH = Object.keys(FIELDS_ZH).join('|')
const END = `(?=, (?:${EN}) |, (?:${ZH}) |, no number: |, announced more|, 无号码|, 收票中重复|; |$)`
const field = (name: string) => fieldName(FIELDS_ZH[name] ?? name)
type Swap = [RegExp, (...parts: string[]) => string]

const TO_ZH: Swap[] = [
  [/: missing; it is among the attachments/g, () => '：缺失，该票在附件中'], [/: missing/g, () => '：缺失'], [/: (?:not expected|extra)/g, () => '：多出'],
  [new RegExp(`\\b(${EN}) should be ([^]*?), is ([^]*?)${END}`, 'g'), (_all, name, is, was) => `${field(name)}应为 ${is}，影像为 ${was}`],
  [new RegExp(`\\b(${EN}) is ([^]*?) in another of its files`, 'g'), (_all, name, is) => `${field(name)}在另一份文件中为 ${is}`],
  [new RegExp(`\\b(${EN}) ([^;]*?) was not read`, 'g'), (_all, name, is) => `${field(name)}应为 ${is}，影像未识别到`],
  [/no number: by seller, sum and day only/g, () => '无号码，按销方、金额、日期匹配'], [/announced more than once/g, () => '收票中重复'],
  [/\(without number, (\S+)\)/g, (_all, sum) => `（无号码，${sum}）`], [/; and (\d+) more$/, (_all, count) => `；另有 ${count} 张`], [/; /g, () => '；'],
]
const TO_EN: Swap[] = [
  [/: 缺失, 该票在附件中/g, () => ': missing; it is among the attachments'], [/: 缺失/g, () => ': missing'], [/: 多出/g, () => ': not expected'],
  [new RegExp(`(${ZH}) 应为 ([^]*?), 影像为 ([^]*?)${END}`, 'g'), (_all, name, is, was) => `${field(name)} should be ${is}, is ${was}`],
  [new RegExp(`(${ZH}) 应为 ([^;]*?), 影像未识别到`, 'g'), (_all, name, is) => `${field(name)} ${is} was not read`],
  [new RegExp(`(${ZH}) 在另一份文件中为 ([^]*?)${END}`, 'g'), (_all, name, is) => `${field(name)} is ${is} in another of its files`],
  [/无号码, 按销方、金额、日期匹配/g, () => 'no number: by seller, sum and day only'], [/收票中重复/g, () => 'announced more than once'],
  [/\(无号码, (\S+)\)/g, (_all, sum) => `(without number, ${sum})`], [/; 另有 (\d+) 张$/, (_all, count) => `; and ${count} more`],
]
const swap = (text: string, by: Swap[]) => by.reduce((so, [shape, put]) => so.replace(shape, put), text)
const differences = (list: string) => swap(list, TO_ZH)

/** Why a bill is where it is: what people typed, or the result of matching in Chinese. */
export function toldReason(text: string): string {
  const found = /^(\d+) 张发票未匹配: ([^]*)$/.exec(text)
  return found && currentLang() !== 'zh' ? `${found[1]} invoices do not match: ${swap(found[2], TO_EN)}` : text
}

const corrections = (list: string) => [...list.matchAll(/ (\w+) (?:= ([^]*?)|(as read));(?= \w+ (?:=|as read)|$)/g)]
  .map(([, name, value, asRead]) => `${fieldName(name)}${asRead ? '恢复为识别值' : ` = ${value}`}`).join('；')

const twins = (list: string) => list.replace(/ \(bill (\S+)\)/g, '（单据 $1）').replace(/ \(bill of others\)/g, '（他人单据）')

function twin(text: string): string {
  const found = /^invoice (\S+) ((?:is|has) [\w, ]+?)(?:: bill (\S+))?$/.exec(text)
  if (!found) return text
  const where = /no twin/.test(found[2]) ? '不再重复' : /seller/.test(found[2]) ? '与另一张发票的销售方、金额、日期相同' : /submitted/.test(found[2]) ? '已在另一张已提交的单据上' : /another bill/.test(found[2]) ? '也在另一张单据上' : '在本单据的另一个文件中'
  return `发票 ${found[1]} ${where}${found[3] ? `：${found[3]}` : ''}`
}

/** The code is for the log, and nobody compares all digits of a digest here. */
const plain = (text: string) => text.replace(/^\d+ [A-Z_]+: /, '').replace(/(sha256 [0-9a-f]{8}|-> [0-9a-f]{8})[0-9a-f]{56}/g, '$1…').replace(/ -> /g, ' → ').replace(/(stored, )(\d+) bytes/, (_all, head: string, bytes: string) => head + size(Number(bytes)))

/** In the reader's language as far as it is known. */
export function told(text?: string | null): string {
  if (!text) return ''
  if (currentLang() !== 'zh') return plain(text.replace(/^([^]*(?:can't be shown or read|was given up): )([^]*)$/, (_all, head: string, why: string) => head + half(why)))
  const because = /^([^]*?), because: ([^]*)$/.exec(text)
  if (because) return `${told(because[1])}；原因：${because[2]}`
  const by = /^([^]*), by ([^,]+)$/.exec(text)
  if (by && !/, by hand$/.test(text)) return `${told(by[1])}（${by[2]}）`
  const more = /^([\w ]+: [\w ]+ -> [\w ]+); ([^]*)$/.exec(text)
  if (more) return `${told(more[1])}；${told(more[2])}`
  for (const [shape, say] of sentences) {
    const found = shape.exec(text)
    if (found) return say(...found.slice(1))
  }
  return text
}

/** "user:admin" is admin; "admin:root" has used fpimagectl; a client is an ERP; the rest is the system itself. */
export function whoIs(actor?: string | null): string {
  if (!actor) return ''
  const [kind, ...name] = actor.split(':')
  const isZh = currentLang() === 'zh'
  if (kind === 'user') return name.join(':')
  if (kind === 'client') return (isZh ? '接口 ' : 'interface ') + name.join(':')
  if (kind === 'admin') return (isZh ? '命令行 ' : 'command line, ') + name.join(':')
  if (kind === 'system') return isZh ? '系统' : 'system'
  return actor
}
