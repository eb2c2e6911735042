/** Files onto a bill that is there. */
import { Button, Modal, Select } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { call } from '../api/client'
import type { Kind, Limits } from '../api/types'
import { kindName } from '../pages/state'
import { Uploads } from '../upload'
import { say } from '../words'
import { Drop, Inputs, LimitsLine, type Pick, UploadList, useUploads } from './Files'
import { useLoad } from './use'

export function AddFiles({ billId, onDone }: { billId: number; onDone: () => void }) {
  const [isOpen, setOpen] = useState(false)
  const [kind, setKind] = useState<Kind | ''>('')
  const [uploads] = useState(() => new Uploads({ path: '', entry: 'UPLOAD' }))
  const items = useUploads(uploads)
  const limits = useLoad(signal => call<Limits>('/api/v1/limits', { signal }), [])
  const pick = useRef<Pick | null>(null)
  const done = useRef(onDone)
  done.current = onDone
  useEffect(() => uploads.setTarget({ path: `/api/v1/bills/${billId}/files`, entry: 'UPLOAD', onDone: () => done.current() }), [uploads, billId])
  useEffect(() => { if (limits.data) uploads.setLimits(limits.data) }, [uploads, limits.data])
  const add = (files: File[]) => uploads.add(files, kind ? { kind } : {})
  const kinds = ['', 'INVOICE', 'ATTACHMENT', 'COVER'].map(value => ({ value, label: value ? kindName(value) : say('自动判断', 'found out by itself') }))
  return (
    <>
      <Button onClick={() => setOpen(true)}>{say('添加文件', 'Add files')}</Button>
      <Modal open={isOpen} title={say('添加文件', 'Add files')} onCancel={() => setOpen(false)} maskClosable={false}
             footer={<Button type="primary" onClick={() => setOpen(false)}>{uploads.isBusy && items.length ? say('在后台继续', 'Go on in the background') : say('完成', 'Done')}</Button>}>
        <Drop onFiles={add}>
          <p>{say('将文件拖到这里、粘贴，或', 'Drop or paste files here, or')}</p>
          <Button type="primary" onClick={() => pick.current?.files()}>{say('选择文件', 'Choose files')}</Button>
        </Drop>
        <label className="stack">{say('类别', 'Kind')}<Select value={kind} options={kinds} onChange={setKind} aria-label={say('类别', 'Kind')} /></label>
        <LimitsLine limits={limits.data} entry="UPLOAD" />
        <UploadList uploads={uploads} />
        <Inputs onFiles={add} pick={pick} />
      </Modal>
    </>
  )
}
