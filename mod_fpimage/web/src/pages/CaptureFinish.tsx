/** Filing what is ready: what will become of each segment, what became of it, and submitting the bills. */
import { Button, Checkbox } from 'antd'
import { useState } from 'react'
import { call } from '../api/client'
import type { Bill, CaptureWhole, Segment } from '../api/types'
import { Failure } from '../parts/Failure'
import { useAct } from '../parts/use'
import { Link } from '../router'
import { say } from '../words'
import { segmentName } from './CaptureTray'
import { Mark } from '../parts/Mark'

interface Outcome { id: number; number: string; state: 'filed' | 'submitted' | 'refused'; error?: unknown }

function Line({ segment }: { segment: Segment }) {
  return (
    <li>
      <strong>{segment.number ?? say('无编号', 'no number')}</strong> {say(`${segment.page_count} 页`, `${segment.page_count} pages`)} <Mark>{segmentName(segment.state)}</Mark> {segment.bill_type && <span className="quiet">{segment.bill_type_name ?? segment.bill_type}</span>}
      {segment.problem && <div className="problem">{segment.problem}</div>}
    </li>
  )
}

function Filed({ outcomes, maySubmit, onOutcomes }: { outcomes: Outcome[]; maySubmit: boolean; onOutcomes: (next: Outcome[]) => void }) {
  const [isBusy, setBusy] = useState(false)
  const submitAll = async () => {
    setBusy(true)
    const next = [...outcomes]
    for (const [i, one] of outcomes.entries()) {
      if (one.state === 'submitted') continue
      try {
        const bill = await call<Bill>(`/api/v1/bills/${one.id}`)
        await call(`/api/v1/bills/${one.id}/submit`, { body: { version: bill.version } })
        next[i] = { ...one, state: 'submitted', error: undefined }
      } catch (bad) {
        next[i] = { ...one, state: 'refused', error: bad }
      }
      onOutcomes([...next])
    }
    setBusy(false)
  }
  const left = outcomes.filter(one => one.state !== 'submitted').length
  return (
    <>
      <p role="status">{say(`已归档 ${outcomes.length} 张单据。`, `${outcomes.length} bills were filed.`)}</p>
      <ul className="outcomes">
        {outcomes.map(one => (
          <li key={one.id}>
            <Link to={`/bills/${one.id}`}>{one.number}</Link>{' '}
            {one.state === 'submitted' && <Mark color="green">{say('已提交', 'submitted')}</Mark>}
            <Failure error={one.error} />
          </li>
        ))}
      </ul>
      {maySubmit && left > 0 && <Button type="primary" loading={isBusy} onClick={submitAll}>{say(`提交这 ${left} 张单据`, `Submit these ${left} bills`)}</Button>}
    </>
  )
}

export function Finish({ session, maySubmit, onChanged, onClose }: { session: CaptureWhole; maySubmit: boolean; onChanged: () => void; onClose: () => void }) {
  const [supplement, setSupplement] = useState(false)
  const [withoutNumber, setWithoutNumber] = useState(false)
  const [outcomes, setOutcomes] = useState<Outcome[]>([])
  const act = useAct()
  const of = (...states: Segment['state'][]) => session.segments.filter(one => states.includes(one.state))
  const ready = of('READY')
  const toConfirm = of('SUPPLEMENT')
  const numberless = of('NO_NUMBER')
  const parked = of('PROBLEM', 'WAITING')
  const count = ready.length + (supplement ? toConfirm.length : 0) + (withoutNumber ? numberless.length : 0)

  const file = () => act.run(async () => {
    const got = await call<{ segments: Segment[] }>(`/api/v1/captures/${session.id}/finish`, { body: { version: session.version, supplement, without_number: withoutNumber } })
    const filed = got.segments.filter(one => one.state === 'FILED' && one.bill && !outcomes.some(known => known.id === one.bill?.bill_id))
    const before = new Set(session.segments.filter(one => one.state === 'FILED').map(one => one.bill?.bill_id))
    setOutcomes([...outcomes, ...filed.filter(one => !before.has(one.bill!.bill_id)).map(one => ({ id: one.bill!.bill_id, number: one.bill!.number, state: 'filed' as const }))])
    onChanged()
  })

  return (
    <div className="finish">
      <Failure error={act.error} onRetry={() => { act.clear(); onChanged() }} />
      {outcomes.length > 0 && <Filed outcomes={outcomes} maySubmit={maySubmit} onOutcomes={setOutcomes} />}
      {ready.length > 0 && <><h3>{say(`可归档 ${ready.length} 段`, `${ready.length} segments are ready`)}</h3><ul>{ready.map(one => <Line key={one.index} segment={one} />)}</ul></>}
      {toConfirm.length > 0 && <><h3>{say('这些单据已提交，归档即为补扫', 'These bills were submitted: filing supplements them')}</h3><ul>{toConfirm.map(one => <Line key={one.index} segment={one} />)}</ul>
        <Checkbox checked={supplement} onChange={event => setSupplement(event.target.checked)}>{say('确认补扫', 'Supplement them')}</Checkbox></>}
      {numberless.length > 0 && <><h3>{say('没有影像编号的页面', 'Pages without an image number')}</h3><ul>{numberless.map(one => <Line key={one.index} segment={one} />)}</ul>
        <Checkbox checked={withoutNumber} onChange={event => setWithoutNumber(event.target.checked)}>{say('不带编号归档（系统生成编号）', 'File them without (a number is made)')}</Checkbox></>}
      {parked.length > 0 && <><h3>{say('暂不归档，留在批次中', 'These stay in the session')}</h3><ul>{parked.map(one => <Line key={one.index} segment={one} />)}</ul></>}
      <div className="row end">
        <Button onClick={onClose}>{say('关闭', 'Close')}</Button>
        {(count > 0 || outcomes.length === 0) && <Button type="primary" disabled={!count} loading={act.isBusy} onClick={file}>{say(`归档 ${count} 段`, `File ${count} segments`)}</Button>}
      </div>
    </div>
  )
}
