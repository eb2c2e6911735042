/** Asks for a reason, or for a yes, before something is done; and before what was typed is given up. */
import { App, Button, Input, Modal } from 'antd'
import { type ComponentType, type ReactNode, useState } from 'react'
import { Failure } from './Failure'
import { useAct } from './use'
import { say } from '../words'

export interface Question {
  title: string
  text?: ReactNode
  needsReason?: boolean
  isDanger?: boolean
  /** A reason is asked for where this takes one. */
  run: (reason: string) => Promise<unknown>
}

/** Closes at once while nothing was typed; else Esc, the cross and a click beside it ask first. */
export function useGiveUp(isTyped: boolean, close: () => void) {
  const { modal } = App.useApp()
  return () => {
    if (!isTyped) return close()
    modal.confirm({
      title: say('放弃已填写的内容？', 'Give up what you typed?'), okText: say('放弃', 'Give it up'), cancelText: say('继续填写', 'Go on'),
      okButtonProps: { danger: true }, autoFocusButton: 'cancel', onOk: close,
    })
  }
}

/** "Cancel" is said: it closes without a question. */
export const footOf = (close: () => void) => (_: ReactNode, { OkBtn }: { OkBtn: ComponentType }) => <><Button onClick={close}>{say('取消', 'Cancel')}</Button><OkBtn /></>

export function Ask({ question, onDone }: { question: Question | null; onDone: (isDone: boolean) => void }) {
  const [reason, setReason] = useState('')
  const act = useAct()
  const close = (isDone: boolean) => { setReason(''); act.clear(); onDone(isDone) }
  const giveUp = useGiveUp(!!reason.trim(), () => close(false))
  if (!question) return null
  const takesReason = question.needsReason || question.run.length > 0
  const go = async () => {
    const done = await act.run(async () => { await question.run(reason.trim()); return true })
    if (done) close(true)
  }
  return (
    <Modal
      open title={question.title} onCancel={giveUp} onOk={go} confirmLoading={act.isBusy}
      okText={say('确定', 'Confirm')} footer={footOf(() => close(false))}
      okButtonProps={{ danger: question.isDanger, disabled: question.needsReason && !reason.trim(), autoFocus: !takesReason }}
    >
      {question.text && <p>{question.text}</p>}
      {takesReason && <label className="stack">
        {question.needsReason ? say('原因（必填）', 'Reason (required)') : say('原因（可不填）', 'Reason (optional)')}
        <Input.TextArea autoFocus value={reason} maxLength={500} rows={3} onChange={event => setReason(event.target.value)} />
      </label>}
      <Failure error={act.error} />
    </Modal>
  )
}
