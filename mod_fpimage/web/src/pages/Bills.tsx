/** The list of bills, and one bill when the address names it. */
import { Button } from 'antd'
import { lazy, Suspense, useEffect, useState } from 'react'
import { call } from '../api/client'
import type { Bill, Listed } from '../api/types'
import { Wait } from '../App'
import { Ask, type Question } from '../parts/Ask'
import type { BillTypeRow } from '../parts/BillType'
import { askedBy, type Column, type Filter, List } from '../parts/List'
import { asTree, orgLabel } from '../parts/orgs'
import { Page } from '../parts/Page'
import type { Row } from '../parts/Records'
import { go, Link, usePlace } from '../router'
import { useWho, type Who } from '../session'
import { day, minute, say, time } from '../words'
import { orgOf, Reason, states, StateTag } from './state'

const BillPage = lazy(() => import('./Bill'))
const MatchPage = lazy(() => import('./Match'))

const columns = (): Column<Bill>[] => [
  { key: 'number', title: say('影像编号', 'Image number'), sort: 'number', isMain: true, show: bill => <Link to={`/bills/${bill.id}`}>{bill.number}</Link> },
  { key: 'state', title: say('状态', 'State'), show: bill => <><StateTag bill={bill} />{bill.is_locked && <span title={say('已锁定', 'locked')} role="img" aria-label={say('已锁定', 'locked')}>🔒</span>}{STUCK.has(bill.state) && <div className="why"><Reason bill={bill} /></div>}</> },
  { key: 'type', title: say('单据类型', 'Type'), show: bill => bill.bill_type_name ?? bill.bill_type },
  { key: 'bill_no', title: say('单据编号', 'Bill number'), show: bill => bill.bill_no && <span className="number-of">{bill.bill_no}</span> },
  { key: 'applicant', title: say('申请人', 'Applicant'), show: bill => bill.applicant_name },
  { key: 'org', title: say('组织', 'Organisation'), show: bill => orgOf(bill) },
  { key: 'pages', title: say('页数', 'Pages'), isNumber: true, show: bill => bill.page_count },
  { key: 'created', title: say('创建', 'Created'), sort: 'created_at', show: bill => day(time(bill.created_at)) },
  { key: 'updated', title: say('更新', 'Updated'), sort: 'updated_at', show: bill => minute(bill.updated_at) },
]

/** Somebody must do something about them: the list says why. */
const STUCK = new Set(['RESCAN', 'MISMATCH', 'FAILED'])

const typeOptions = async () => (await call<Listed<BillTypeRow>>('/api/v1/bill-types?page_size=200')).items.map(one => ({ value: one.code, label: one.name || one.code }))
const orgOptions = async () => asTree((await call<{ items: Row[] }>('/api/v1/organisations')).items).filter(row => row.code).map(row => ({ value: row.code as string, label: orgLabel(row) }))

const filters = (may: Who['may']): Filter[] => [
  { name: 'q', title: say('查找', 'Search'), kind: 'text', hint: say('影像编号、单据编号或申请人的开头', 'how number or applicant begins') },
  { name: 'state', title: say('状态', 'State'), kind: 'choices', options: states() },
  { name: 'bill_type', title: say('单据类型', 'Type'), kind: 'choice', options: typeOptions },
  ...(may('PEOPLE_VIEW') ? [{ name: 'org', title: say('组织', 'Organisation'), kind: 'choice' as const, options: orgOptions }] : []),
  { name: 'created_from', title: say('创建自', 'Created from'), kind: 'day', asTime: 'begin' },
  { name: 'created_to', title: say('创建至', 'Created to'), kind: 'day', asTime: 'end' },
  { name: 'has_problem', title: say('只看有问题的', 'With problems only'), kind: 'flag' },
]

function BillList() {
  const { may } = useWho()
  const [selected, setSelected] = useState<Set<string | number>>(new Set())
  const [question, setQuestion] = useState<Question | null>(null)
  const { params } = usePlace()
  const filter = Object.fromEntries(Object.entries(askedBy(filters(may), params)).filter(([, value]) => value))
  const isFiltered = Object.keys(filter).length > 0
  const wanted = JSON.stringify(filter)
  useEffect(() => setSelected(new Set()), [wanted]) /* nothing is exported that is not seen */
  const exportAs = (kind: 'ZIP' | 'XLSX') => setQuestion({
    title: kind === 'ZIP' ? say('导出原始影像', 'Export the originals') : say('导出清单', 'Export the list'),
    text: selected.size ? say(`将为 ${selected.size} 张单据建立导出任务，在“导出任务”中下载。`, `An export of ${selected.size} bills is made in the background; download it under “Exports”.`)
      : say('将为符合当前条件的全部单据建立导出任务，在“导出任务”中下载。', 'An export of all bills that fit the filters is made in the background; download it under “Exports”.'),
    run: async () => { await call('/api/v1/exports', { body: { kind, ...(selected.size ? { bill_ids: [...selected] } : { filter }) } }); go('/exports') },
  })
  return (
    <Page title={say('影像单据', 'Bills')} actions={may('EXPORT') && (
      <>
        <span className="hint">{selected.size ? say(`已选 ${selected.size} 张`, `${selected.size} selected`) : isFiltered ? say('导出符合条件的全部单据，或先勾选', 'all that fit are exported, or those you select') : say('勾选单据或设定条件后可导出', 'select bills, or set a filter, to export')}</span>
        {selected.size > 0 && <Button type="link" onClick={() => setSelected(new Set())}>{say('清除已选', 'Select none')}</Button>}
        <Button disabled={!selected.size && !isFiltered} onClick={() => exportAs('ZIP')}>{say('导出影像', 'Export images')}</Button>
        <Button disabled={!selected.size && !isFiltered} onClick={() => exportAs('XLSX')}>{say('导出清单', 'Export list')}</Button>
      </>
    )}>
      <List<Bill> path="/api/v1/bills" label={say('影像单据', 'Bills')} columns={columns()} filters={filters(may)} rowKey={bill => bill.id} sort="-created_at"
                  empty={say('还没有您能看到的单据。ERP 推送或采集影像后会出现在这里；缺少应有的单据时，请管理员在“权限说明”中查询原因。', 'No bill that you may see. They come from the ERP and from captures; if one is missing, the administrator can ask under “Why”.')}
                  selected={may('EXPORT') ? selected : undefined} onSelect={may('EXPORT') ? setSelected : undefined} />
      <Ask question={question} onDone={() => setQuestion(null)} />
    </Page>
  )
}

export default function Bills() {
  const { rest } = usePlace()
  const id = Number(rest[0])
  if (rest[1] === 'match' && id > 0) return <Suspense fallback={<Wait />}><MatchPage key={id} id={id} /></Suspense>
  return Number.isInteger(id) && id > 0 ? <Suspense fallback={<Wait />}><BillPage key={id} id={id} tab={rest[1]} /></Suspense> : <BillList />
}
