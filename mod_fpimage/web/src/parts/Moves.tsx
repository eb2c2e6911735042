/** What may be done with a bill as a whole, by right and by its state; what its state forbids says why. */
import { Button, Tooltip } from 'antd'
import { call } from '../api/client'
import type { BillWhole } from '../api/types'
import { useWho } from '../session'
import { say } from '../words'
import type { Question } from './Ask'
import { useLatest } from './use'

interface Move { act: string; path: string; needs: string; title: () => string; needsReason?: boolean; isDanger?: boolean; isMain?: boolean; extra?: object }

const moves: Move[] = [
  { act: 'SUBMIT', path: 'submit', needs: 'BILL_SUBMIT', title: () => say('提交', 'Submit'), isMain: true },
  { act: 'RESUBMIT', path: 'resubmit', needs: 'BILL_SUBMIT', title: () => say('重新提交', 'Resubmit') },
  { act: 'RESCAN', path: 'rescan', needs: 'BILL_RESCAN', title: () => say('退扫', 'Send back'), needsReason: true },
  { act: 'REVIEW', path: 'review', needs: 'BILL_REVIEW', title: () => say('审核通过', 'Pass the review') },
  { act: 'CANCEL_RESCAN', path: 'cancel-rescan', needs: 'BILL_RESCAN', title: () => say('撤销退扫', 'Withdraw the send-back') },
  { act: 'LOCK', path: 'lock', needs: 'BILL_LOCK', title: () => say('锁定', 'Lock') },
  { act: 'UNLOCK', path: 'lock', needs: 'BILL_LOCK', title: () => say('解锁', 'Unlock'), extra: { is_locked: false } },
  { act: 'VOID', path: 'void', needs: 'BILL_VOID', title: () => say('作废', 'Void'), needsReason: true, isDanger: true },
]

export function Moves({ bill, onAsk }: { bill: BillWhole; onAsk: (question: Question) => void }) {
  const { may } = useWho()
  const latest = useLatest(bill)
  const shown = moves.filter(one => may(one.needs) && bill.acts[one.act] && (bill.acts[one.act].is_allowed || (one.isMain && bill.state !== 'RESCAN'))
    && (one.act !== 'RESUBMIT' || bill.state === 'RESCAN' || !bill.acts.SUBMIT?.is_allowed))
  const ask = (move: Move) => onAsk({
    title: `${move.title()} ${bill.number}`, needsReason: move.needsReason, isDanger: move.isDanger,
    run: reason => call(`/api/v1/bills/${bill.id}/${move.path}`, { body: { version: latest.current.version, ...(reason ? { reason } : {}), ...move.extra } }),
  })
  return (
    <>
      {bill.mode.mode !== 'BASIC' && may('BILL_SUBMIT') && <Button onClick={() => onAsk({
        title: say(`重新向收票取数 ${bill.number}`, `Ask the receipt again for ${bill.number}`), text: say('在后台进行，结果见时间线。', 'It is done in the background; the timeline tells what came of it.'),
        run: reason => call(`/api/v1/bills/${bill.id}/sync`, { body: { version: latest.current.version, ...(reason ? { reason } : {}) } }),
      })}>{say('重新取数', 'Ask the receipt')}</Button>}
      {shown.map(move => {
        const act = bill.acts[move.act]
        const button = <Button key={move.act} type={move.isMain || (move.act === 'RESUBMIT' && bill.state === 'RESCAN') ? 'primary' : 'default'} danger={move.isDanger} disabled={!act.is_allowed} onClick={() => ask(move)}>{move.title()}</Button>
        return act.is_allowed ? button : <Tooltip key={move.act} title={act.why}>{button}</Tooltip>
      })}
    </>
  )
}
