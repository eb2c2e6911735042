/** Organisations and users taken from an ERP: order it, watch it, and see what became of each of them. */
import { Button, Checkbox, Modal, Select } from 'antd'
import { useEffect, useState } from 'react'
import { call, query } from '../api/client'
import type { Listed } from '../api/types'
import { say, time } from '../words'
import { Failure } from './Failure'
import { Mark } from './Mark'
import { whoIs } from './told'
import { useAct, useLoad } from './use'

const RESULTS = ['ADDED', 'CHANGED', 'REFUSED', 'MISSING', 'DISABLED', 'UNCHANGED'] as const
type Result = typeof RESULTS[number]
type Counts = Record<Lowercase<Result>, number>
interface Sync extends Counts { id: number; state: 'RUNNING' | 'DONE' | 'FAILED'; is_full: boolean; started_at: string; ended_at: string | null; actor: string; failures: number; error: string | null }
interface Row { kind: 'ORGANISATION' | 'USER'; result: Result; erp_id: string | null; code: string | null; name: string | null; reason: string | null }

const ROWS = 50
const POLL = 1000
const WAIT = 60_000

const resultName = (result: Result): [string, string] => ({
  ADDED: [say('新增', 'added'), 'green'], CHANGED: [say('更新', 'changed'), 'blue'], UNCHANGED: [say('未变', 'unchanged'), ''], REFUSED: [say('未接收', 'refused'), 'red'],
  MISSING: [say('ERP 不再列出', 'named no more'), 'orange'], DISABLED: [say('已停用', 'disabled'), 'orange'],
} as Record<Result, [string, string]>)[result]

const stateName = (state: Sync['state']): [string, string] => ({ RUNNING: [say('进行中', 'running'), 'blue'], DONE: [say('已完成', 'done'), 'green'], FAILED: [say('失败', 'failed'), 'red'] } as Record<Sync['state'], [string, string]>)[state]

const countsOf = (sync: Sync) => RESULTS.map(one => [one, sync[one.toLowerCase() as Lowercase<Result>]] as const).filter(([, count]) => count > 0)

function Rows({ base, sync }: { base: string; sync: Sync }) {
  const [result, setResult] = useState<Result | ''>('')
  const [page, setPage] = useState(1)
  const load = useLoad(signal => call<Listed<Row>>(`${base}/people-syncs/${sync.id}` + query({ page, page_size: ROWS, result }), { signal }), [base, sync.id, sync.state, result, page])
  const rows = load.data?.items ?? []
  const [what, code, outcome, why] = [say('种类', 'What'), say('编码', 'Code'), say('结果', 'Result'), say('说明', 'Why')]
  const options = [{ value: '', label: say('全部结果', 'all results') }, ...countsOf(sync).map(([value, count]) => ({ value, label: `${resultName(value)[0]} ${count}` }))]
  return (
    <>
      <div className="row"><Select className="switch" value={result} aria-label={say('结果', 'Result')} options={options} onChange={next => { setResult(next as Result | ''); setPage(1) }} /></div>
      <Failure error={load.error} onRetry={load.again} />
      <div className="table-frame" role="region" tabIndex={0} aria-label={say('逐条结果', 'One by one')}>
        <table className="table">
          <thead><tr>{[what, code, say('名称', 'Name'), outcome, why].map(one => <th key={one} scope="col">{one}</th>)}</tr></thead>
          <tbody>{rows.map((one, i) => (
            <tr key={`${one.kind}-${one.erp_id}-${i}`}>
              <td data-label={what}>{one.kind === 'USER' ? say('用户', 'user') : say('组织', 'organisation')}</td><td className="whole" data-label={code}><code>{one.code ?? one.erp_id}</code></td><td className="main">{one.name}</td>
              <td data-label={outcome}><Mark color={resultName(one.result)[1]}>{resultName(one.result)[0]}</Mark></td>{one.reason ? <td data-label={why}><div className="cell">{one.reason}</div></td> : <td />}
            </tr>
          ))}</tbody>
        </table>
        {load.data && !rows.length && <div className="empty">{say('没有记录', 'Nothing')}</div>}
      </div>
      {(page > 1 || load.data?.pagination.has_more) && (
        <div className="pager"><Button size="small" disabled={page <= 1} onClick={() => setPage(page - 1)}>{say('上一页', 'Previous')}</Button><Button size="small" disabled={!load.data?.pagination.has_more} onClick={() => setPage(page + 1)}>{say('下一页', 'Next')}</Button></div>
      )}
    </>
  )
}

function Run({ sync }: { sync: Sync }) {
  const [name, colour] = stateName(sync.state)
  return (
    <p role="status" data-testid="people-sync">
      <Mark color={colour}>{name}</Mark> {time(sync.started_at)} · {sync.is_full ? say('全量', 'all of them') : say('仅有变动的', 'what had changed')} · {whoIs(sync.actor)}
      {countsOf(sync).length > 0 && <> · {countsOf(sync).map(([one, count]) => `${resultName(one)[0]} ${count}`).join(say('，', ', '))}</>}
      {sync.error && <span className="problem"> {sync.error}{sync.failures > 1 && say(`（连续 ${sync.failures} 次）`, ` (${sync.failures} times in a row)`)}</span>}
    </p>
  )
}

export function PeopleSync({ system, onClose }: { system: { id: number; name: string }; onClose: () => void }) {
  const base = `/api/v1/business-systems/${system.id}`
  const [isFull, setFull] = useState(false)
  const [isDisabling, setDisabling] = useState(false)
  const [shown, setShown] = useState<number | null>(null)
  const [waits, setWaits] = useState<{ after: number; until: number } | null>(null)
  const runs = useLoad(signal => call<Listed<Sync>>(`${base}/people-syncs?page_size=20`, { signal }), [base])
  const act = useAct()
  const all = runs.data?.items ?? []
  const newest = all[0]
  const sync = all.find(one => one.id === shown) ?? newest
  const isWaiting = !!waits && (newest?.id ?? 0) <= waits.after
  const isBusy = isWaiting || newest?.state === 'RUNNING'
  const { again } = runs

  useEffect(() => { /* it is done in the background, and may be long */
    if (!isBusy) return
    const timer = setTimeout(() => { if (waits && Date.now() > waits.until) setWaits(null); again() }, POLL)
    return () => clearTimeout(timer)
  }, [isBusy, waits, runs.data, again])

  const order = () => act.run(async () => {
    await call(`${base}/sync-people`, { body: { is_full: isFull || isDisabling, disable_missing: isDisabling } })
    setShown(null)
    setWaits({ after: newest?.id ?? 0, until: Date.now() + WAIT })
    again()
  })
  return (
    <Modal open title={say(`同步组织与用户 · ${system.name}`, `Organisations and users of ${system.name}`)} onCancel={onClose} footer={null} width={860} mask={{ closable: false }}>
      <p className="hint">{say('从 ERP 取组织与用户，按手机号、编码对应。此处手工改过的保留，不删除任何人；新用户没有密码，角色为“默认角色”。每天自动同步可在“模式与开关”中打开。', 'Organisations and users of the ERP, matched by mobile and code. What was changed here by hand stays, nobody is deleted; new users have the default role and no password. Switch people.sync has it done each day.')}</p>
      <div className="row">
        <Checkbox checked={isFull || isDisabling} disabled={isDisabling} onChange={event => setFull(event.target.checked)}>{say('全量（默认只取有变动的）', 'all of them, not only what changed')}</Checkbox>
        <Checkbox checked={isDisabling} onChange={event => setDisabling(event.target.checked)}>{say('停用 ERP 不再列出的用户', 'disable whom the ERP names no more')}</Checkbox>
        <Button type="primary" danger={isDisabling} loading={act.isBusy || isBusy} onClick={order}>{say('开始同步', 'Start')}</Button>
      </div>
      <Failure error={act.error ?? runs.error} />
      {isWaiting && <p role="status">{say('已排队，正在等待开始…', 'It is queued, and begins in a moment…')}</p>}
      {runs.data && !all.length && !isWaiting && <p className="hint">{say('还没有同步过。', 'It was never done.')}</p>}
      {all.length > 1 && <Select className="wide earlier" value={sync?.id} aria-label={say('历次同步', 'Earlier runs')} onChange={setShown} options={all.map(one => ({ value: one.id, label: `${time(one.started_at)} · ${stateName(one.state)[0]} · ${countsOf(one).map(([what, count]) => `${resultName(what)[0]} ${count}`).join(say('，', ', ')) || '—'}` }))} />}
      {sync && <><Run sync={sync} /><Rows key={sync.id} base={base} sync={sync} /></>}
    </Modal>
  )
}
