/** The timeline of a bill, newest last as it happened; prints as a page of its own. */
import { Button } from 'antd'
import { useState } from 'react'
import { call } from '../api/client'
import type { Listed, TrailEvent } from '../api/types'
import { say, time, zone } from '../words'
import { Failure } from './Failure'
import { told, whoIs } from './told'
import { TraceId } from './TraceId'
import { useAct, useLoad } from './use'

const PAGE_SIZE = 100

const kindNames: Record<string, [string, string]> = {
  announced: ['ERP 登记', 'announced'], file: ['影像', 'file'], state: ['状态', 'state'], push: ['收票推送', 'push'], pull: ['拉取', 'pull'], read: ['识别', 'read'],
  twin: ['重复发票', 'twin'], capture: ['扫描采集', 'capture'], rescan: ['退扫', 'rescan'], voucher: ['凭证', 'voucher'], deliver: ['通知 ERP', 'ERP notice'], notice: ['通知 ERP', 'ERP notice'], invoice: ['发票', 'invoice'], unreadable: ['无法识别', 'unreadable'],
  recognise: ['云识别', 'recognition'], duplicate: ['重复发票', 'duplicate'], made: ['建立', 'made'], mode: ['模式', 'mode'],
  match: ['匹配', 'match'], export: ['导出', 'export'], lock: ['锁定', 'lock'], type: ['单据类型', 'bill type'], submit: ['提交', 'submit'],
}

export const kindOfEvent = (kind: string) => kindNames[kind] ? say(...kindNames[kind]) : kind

/** On paper nobody knows in whose time it is. */
const printedAt = () => say(`打印于 ${time(new Date().toISOString())}，时间均为 ${zone()}`, `Printed ${time(new Date().toISOString())}; all times are ${zone()}`)

export function Trail({ billId, round, title }: { billId: number; round: number; title: string }) {
  const path = `/api/v1/bills/${billId}/timeline`
  const first = useLoad(signal => call<Listed<TrailEvent>>(`${path}?page_size=${PAGE_SIZE}`, { signal }), [billId, round])
  const [more, setMore] = useState<TrailEvent[]>([])
  const [page, setPage] = useState(1)
  const act = useAct()
  const total = first.data?.pagination.total ?? 0
  const all = [...(first.data?.items ?? []), ...more]
  const next = () => act.run(async () => {
    const got = await call<Listed<TrailEvent>>(`${path}?page_size=${PAGE_SIZE}&page=${page + 1}`)
    setMore([...more, ...got.items])
    setPage(page + 1)
  })
  return (
    <div className="trail">
      <div className="print-only"><h2>{title}</h2><p>{printedAt()}</p></div>
      <div className="trail-head"><Button size="small" className="no-print" onClick={() => window.print()}>{say('打印', 'Print')}</Button></div>
      <Failure error={first.error ?? act.error} onRetry={first.again} />
      {first.isLoading && !first.data && <p className="hint" role="status">{say('正在加载…', 'Loading…')}</p>}
      <ol>
        {all.map(one => (
          <li key={one.id}>
            <div><time dateTime={one.at}>{time(one.at)}</time> <strong>{kindOfEvent(one.kind)}</strong> <span className="quiet">{whoIs(one.actor)}</span> <TraceId id={one.trace_id} /></div>
            <div className="trail-note">{told(one.note)}</div>
          </li>
        ))}
      </ol>
      {all.length < total && <Button onClick={next} loading={act.isBusy}>{say(`再显示（共 ${total} 条）`, `Show more (${total} in all)`)}</Button>}
    </div>
  )
}
