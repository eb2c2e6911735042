/** What a file is called beside its kind: a label, and of an attachment its type, as the administrator has made them; and
 *  to which bill it belongs. */
import { Input, Modal, Select } from 'antd'
import { useState } from 'react'
import { call } from '../api/client'
import type { BillFile } from '../api/types'
import { say } from '../words'
import { Failure } from './Failure'
import { findBill } from './findBill'
import { useAct, useLoad } from './use'

interface Label { id: number; kind: 'LABEL' | 'ATTACHMENT_TYPE'; number: number | null; name: string; is_enabled: boolean }

/** The labels and attachment types that may be given. `kept`: a label stays when it was taken out of the list. */
export function useWords(kept: string | null) {
  const load = useLoad(signal => call<{ items: Label[] }>('/api/v1/labels?page_size=200', { signal }), [])
  const of = (kind: Label['kind']) => (load.data?.items ?? []).filter(one => one.kind === kind && one.is_enabled)
  const none = say('无', 'none')
  const words = new Set([...of('LABEL').map(one => one.name), ...(kept ? [kept] : [])])
  return {
    error: load.error,
    labels: [{ value: '', label: none }, ...[...words].map(value => ({ value, label: value }))],
    types: [{ value: 0, label: none }, ...of('ATTACHMENT_TYPE').map(one => ({ value: one.number ?? 0, label: one.name }))],
  }
}

interface Props { billId: number; version: number; file: BillFile; onDone: () => void; onClose: () => void }

export function FileWords({ billId, version, file, onDone, onClose }: Props) {
  const [label, setLabel] = useState(file.label ?? '')
  const [type, setType] = useState(file.attachment_type)
  const words = useWords(file.label)
  const act = useAct()
  const save = async () => {
    const body = { version, ...(label !== (file.label ?? '') ? { label } : {}), ...(type !== file.attachment_type ? { attachment_type: type } : {}) }
    if (await act.run(() => call(`/api/v1/bills/${billId}/files/${file.id}`, { method: 'PATCH', body }))) onDone()
  }
  return (
    <Modal open title={file.name} onCancel={onClose} onOk={save} confirmLoading={act.isBusy} okText={say('保存', 'Save')} cancelText={say('取消', 'Cancel')}>
      <Failure error={words.error ?? act.error} />
      <div className="stack"><span>{say('标签', 'Label')}</span><Select value={label} aria-label={say('标签', 'Label')} onChange={setLabel} options={words.labels} /></div>
      <div className="stack"><span>{say('附件类型', 'Attachment type')}</span><Select value={type} aria-label={say('附件类型', 'Attachment type')} onChange={setType} options={words.types} /></div>
    </Modal>
  )
}

export function MoveFile({ billId, version, file, onDone, onClose }: Props) {
  const [number, setNumber] = useState('')
  const act = useAct()
  const move = async () => {
    const isDone = await act.run(async () => {
      const to = await findBill(number)
      await call(`/api/v1/bills/${billId}/files/${file.id}/move`, { body: { version, to_bill_id: to.id } })
      return true
    })
    if (isDone) onDone()
  }
  return (
    <Modal open title={say(`将 ${file.name} 移到另一张单据`, `Move ${file.name} to another bill`)} onCancel={onClose} onOk={move} confirmLoading={act.isBusy} okText={say('移动', 'Move')} cancelText={say('取消', 'Cancel')} okButtonProps={{ disabled: !number.trim() }}>
      <label className="stack">{say('影像编号', 'Image number')}<Input value={number} autoFocus maxLength={100} onChange={event => setNumber(event.target.value)} onPressEnter={() => { if (number.trim()) void move() }} /></label>
      <Failure error={act.error} />
    </Modal>
  )
}
