/** Why somebody may scan, or see a bill, or not: by the rules that the server holds each call against. */
import { Input, Modal } from 'antd'
import { useState } from 'react'
import { call, query } from '../api/client'
import type { Bill } from '../api/types'
import { say } from '../words'
import { Failure } from './Failure'
import { findBill } from './findBill'
import { Mark } from './Mark'
import { useAct, useLoad } from './use'

interface Answer { is_allowed: boolean; checks: { check: string; is_ok: boolean; text: string }[] }

function Checks({ path, yes, no }: { path: string; yes: string; no: string }) {
  const load = useLoad(signal => call<Answer>(path, { signal }), [path])
  if (!load.data) return <Failure error={load.error} onRetry={load.again} />
  return (
    <>
      <p role="status"><Mark color={load.data.is_allowed ? 'green' : 'red'}>{load.data.is_allowed ? yes : no}</Mark></p>
      <ul className="why">{load.data.checks.map(one => <li key={one.check}><Mark color={one.is_ok ? 'green' : 'red'}>{one.is_ok ? say('是', 'yes') : say('否', 'no')}</Mark><span>{one.text}</span></li>)}</ul>
    </>
  )
}

export function Why({ user, onClose }: { user: { id: number; name: string }; onClose: () => void }) {
  const [typed, setTyped] = useState('')
  const [bill, setBill] = useState<Bill | null>(null)
  const act = useAct()
  const path = `/api/v1/users/${user.id}/why`
  return (
    <Modal open title={say(`权限说明 · ${user.name}`, `What ${user.name} may do, and why`)} onCancel={onClose} footer={null}>
      <h3>{say('能否采集并提交', 'Scanning and submitting')}</h3>
      <Checks path={path} yes={say('可以', 'he may')} no={say('不可以', 'he may not')} />
      <h3>{say('能否看到某张单据', 'Seeing a bill')}</h3>
      <Input.Search value={typed} maxLength={100} placeholder={say('影像编号', 'image number')} aria-label={say('影像编号', 'Image number')} enterButton={say('查询', 'Ask')} onChange={event => setTyped(event.target.value)} 
                    onSearch={text => { setBill(null); if (text.trim()) void act.run(async () => setBill(await findBill(text))) }} loading={act.isBusy} />
      <Failure error={act.error} />
      {bill && <Checks key={bill.id} path={path + query({ bill: bill.id })} yes={say('能看到', 'he sees it')} no={say('看不到', 'he does not see it')} />}
    </Modal>
  )
}
