/** What was read of an invoice: each field with where it came from and who says otherwise; it can be corrected here. */
import { Alert, Button, Input, Tooltip } from 'antd'
import { useState } from 'react'
import { call } from '../api/client'
import type { Found } from '../api/types'
import { fieldName, sourceName } from '../pages/state'
import { Link } from '../router'
import { money, say } from '../words'
import { Failure } from './Failure'
import { whoIs } from './told'
import { useAct } from './use'
import { Mark } from './Mark'

const ORDER = ['number', 'code', 'date', 'net', 'tax', 'gross', 'seller_name', 'seller_tax_no', 'buyer_name', 'buyer_tax_no', 'drawer', 'remark', 'check_code']
const SUMS = new Set(['net', 'tax', 'gross'])
const shown = (name: string, value: string | null) => (value === null ? '—' : SUMS.has(name) ? `¥${money(value)}` : value)
const TYPED = new Set(['number', 'code', 'date', 'net', 'tax', 'gross', 'seller_name', 'seller_tax_no', 'buyer_name', 'buyer_tax_no', 'check_code'])

function FieldRow({ name, found, mayCorrect, onChanged }: { name: string; found: Found; mayCorrect: boolean; onChanged: () => void }) {
  const field = found.fields[name]
  const [text, setText] = useState<string | null>(null)
  const act = useAct()
  const differing = field.others.filter(one => one.value !== field.value)
  const save = async (value: string | null) => {
    const done = await act.run(() => call(`/api/v1/found-invoices/${found.id}`, { method: 'PATCH', body: { [name]: value, version: found.version } }))
    if (done) { setText(null); onChanged() }
  }
  return (
    <tr className={differing.length ? 'differs' : undefined}>
      <th scope="row">{fieldName(name)}</th>
      <td>
        {text === null ? (
          <span className="fact">
            <span className="fact-value">{shown(name, field.value)}</span>
            {field.source !== found.source && <Mark>{sourceName(field.source)}</Mark>}
            {mayCorrect && TYPED.has(name) && <Button type="link" size="small" onClick={() => setText(field.value ?? '')} aria-label={say(`更正${fieldName(name)}`, `Correct: ${fieldName(name)}`)}>{say('更正', 'Correct')}</Button>}
          </span>
        ) : (
          <span className="fact">
            <Input size="small" autoFocus value={text} aria-label={fieldName(name)} onChange={event => setText(event.target.value)}
                   onPressEnter={() => save(text.trim())} onKeyDown={event => { if (event.key === 'Escape') setText(null) }} />
            <Button size="small" type="primary" loading={act.isBusy} onClick={() => save(text.trim())}>{say('保存', 'Save')}</Button>
            {found.editor && <Button size="small" onClick={() => save(null)}>{say('恢复原值', 'Take back')}</Button>}
            <Button size="small" onClick={() => setText(null)}>{say('取消', 'Cancel')}</Button>
          </span>
        )}
        {differing.map(one => <div key={one.source} className="other">{sourceName(one.source)}{say('：', ': ')}{shown(name, one.value)}</div>)}
        <Failure error={act.error} />
      </td>
    </tr>
  )
}

function Twin({ found }: { found: Found }) {
  const twin = found.twin
  if (!twin) return null
  const text = twin.kind === 'SAME_BILL' ? say('本单据的另一个文件中也有这张发票', 'The same invoice is in another file of this bill')
    : !twin.bill_number ? say('同一张发票也在另一张单据中', 'The same invoice is on another bill')
    : say(`同一张发票也在单据 ${twin.bill_number ?? ''}（${twin.bill_state ?? ''}）中`, `The same invoice is on bill ${twin.bill_number ?? ''} (${twin.bill_state ?? ''})`)
  return <Alert type="warning" showIcon title={twin.kind === 'SAME_BILL' || !twin.bill_id ? text : <Link to={`/bills/${twin.bill_id}`}>{text}</Link>} />
}

export function Facts({ found, mayCorrect, onChanged }: { found: Found; mayCorrect: boolean; onChanged: () => void }) {
  const names = ORDER.filter(name => found.fields[name])
  return (
    <article className="facts">
      <header>
        <strong>{found.number ?? say('号码未识别', 'number not read')}</strong>
        <Tooltip title={say('这张发票的信息主要来自这里', 'what this invoice is read from')}><Mark color="blue">{sourceName(found.source)}</Mark></Tooltip>
        {found.has_conflict && <Mark color="red">{say('各来源不一致', 'sources differ')}</Mark>}
        {found.editor && <Mark>{say(`已人工更正：${whoIs(found.editor)}`, `corrected by ${whoIs(found.editor)}`)}</Mark>}
      </header>
      <Twin found={found} />
      <table>
        <tbody>{names.map(name => <FieldRow key={name} name={name} found={found} mayCorrect={mayCorrect} onChanged={onChanged} />)}</tbody>
      </table>
      {!!found.lines?.length && (
        <details>
          <summary>{say(`明细 ${found.lines.length} 行`, `${found.lines.length} lines`)}</summary>
          <ul className="lines">{found.lines.map((line, i) => <li key={i}>{line.name} · {money(line.net)}{line.rate ? ` · ${line.rate}` : ''}{line.tax ? ` · ${say('税', 'tax')} ${money(line.tax)}` : ''}</li>)}</ul>
        </details>
      )}
    </article>
  )
}
