/** Asks for a reason, or for a yes, before something is done. */
import { Input, Modal } from 'antd'
import { type ReactNode, useState } from 'react'
import { Failure } from './Failure'
import { useAct } from './use'
import { say } from '../words'

export interface Question {
  title: string
  text?: ReactNode
  needsReason?: boolean
  isDanger?: boolean
  run: (reason: string) => Promise<unknown>
}

export function Ask({ question, onDone }: { question: Question | null; onDone: (isDone: boolean) => void }) {
  const [reason, setReason] = useState('')
  const act = useAct()
  if (!question) return null
  const close = (isDone: boolean) => { setReason(''); act.clear(); onDone(isDone) }
  const go = async () => {
    const done = await act.run(async () => { await question.run(reason.trim()); return true })
    if (done) close(true)
  }
  return (
    <Modal
      open title={question.title} onCancel={() => close(false)} onOk={go} confirmLoading={act.isBusy}
      okText={say('确定', 'Confirm')} cancelText={say('取消', 'Cancel')}
      okButtonProps={{ danger: question.isDanger, disabled: question.needsReason && !reason.trim() }}
    >
      {question.text && <p>{question.text}</p>}
      <label className="stack">
        {question.needsReason ? say('原因（必填）', 'Reason (required)') : say('原因（可不填）', 'Reason (optional)')}
        <Input.TextArea autoFocus value={reason} maxLength={500} rows={3} onChange={event => setReason(event.target.value)} />
      </label>
      <Failure error={act.error} />
    </Modal>
  )
}
