/** Scan points: the list is table-driven, binding scanners is here, with the reason why somebody can't be bound. */
import { Button, Input, Modal } from 'antd'
import { useState } from 'react'
import { call } from '../api/client'
import { Failure } from '../parts/Failure'
import { Records, type Row } from '../parts/Records'
import { useAct, useLoad } from '../parts/use'
import { say } from '../words'
import { scanPoints } from './kinds'

function Scanners({ point, onClose }: { point: Row; onClose: () => void }) {
  const [text, setText] = useState('')
  const [round, setRound] = useState(0)
  const act = useAct()
  const path = `/api/v1/scan-points/${point.scan_point_id}`
  const now = useLoad(signal => call<Row>(path, { signal }), [round])
  const candidates = useLoad(signal => call<{ items: Row[] }>(`${path}/candidates?q=${encodeURIComponent(text)}`, { signal }), [round, text])
  const bound: Row[] = now.data?.scanners ?? []
  const change = (user: Row, method: string) => act.run(async () => { await call(`${path}/scanners/${user.user_id}`, { method }); setRound(n => n + 1) })
  return (
    <Modal open title={say(`扫描员 · ${point.name}`, `Scanners of ${point.name}`)} footer={null} onCancel={onClose}>
      <Failure error={now.error ?? candidates.error ?? act.error} />
      <h3>{say('已绑定', 'Bound')}</h3>
      {!bound.length && <p className="hint">{say('还没有扫描员', 'Nobody yet')}</p>}
      <ul className="people">{bound.map(one => <li key={one.user_id}>{one.name} <span className="quiet">{one.mobile}</span> <Button size="small" onClick={() => change(one, 'DELETE')}>{say('解除', 'Unbind')}</Button></li>)}</ul>
      <label className="stack">{say('可绑定的用户', 'Who can be bound')}<Input value={text} allowClear placeholder={say('姓名或手机号', 'name or mobile')} onChange={event => setText(event.target.value.trim())} /></label>
      <ul className="people">{(candidates.data?.items ?? []).filter(one => !bound.some(each => each.user_id === one.user_id)).map(one => (
        <li key={one.user_id}>{one.name} <span className="quiet">{one.mobile}</span> {one.is_allowed ? <Button size="small" type="primary" onClick={() => change(one, 'PUT')}>{say('绑定', 'Bind')}</Button> : <span className="problem">{one.why}</span>}</li>
      ))}</ul>
    </Modal>
  )
}

export default function ScanPoints() {
  const [shown, setShown] = useState<Row | null>(null)
  const [round, setRound] = useState(0)
  const kind = scanPoints(setShown)
  return (
    <>
      <Records key={round} kind={kind} />
      {shown && <Scanners point={shown} onClose={() => { setShown(null); setRound(n => n + 1) }} />}
    </>
  )
}
