/** Files onto a bill that is there, or one file in the place of another. */
import { App, Button, Modal, Select } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { call, textOf } from '../api/client'
import type { BillFile, Kind, Limits } from '../api/types'
import { uploadsOfBill } from '../pages/handover'
import { kindName } from '../pages/state'
import { isLost, Uploads } from '../upload'
import { say } from '../words'
import { Drop, Inputs, LimitsLine, type Pick, UploadList, useUploads } from './Files'
import { useLoad } from './use'

function useBillUploads(start: () => Uploads, path: string, onDone: () => void) {
  const [uploads] = useState(start)
  const items = useUploads(uploads)
  const limits = useLoad(signal => call<Limits>('/api/v1/limits', { signal }), [])
  const done = useRef(onDone)
  done.current = onDone
  useEffect(() => uploads.setTarget({ path, entry: 'UPLOAD', onDone: () => done.current() }), [uploads, path])
  useEffect(() => { if (limits.data) uploads.setLimits(limits.data) }, [uploads, limits.data])
  return { uploads, items, limits: limits.data }
}

export function AddFiles({ billId, onDone }: { billId: number; onDone: () => void }) {
  const [isOpen, setOpen] = useState(false)
  const [kind, setKind] = useState<Kind | ''>('')
  const { uploads, items, limits } = useBillUploads(() => uploadsOfBill(billId), `/api/v1/bills/${billId}/files`, onDone)
  const pick = useRef<Pick | null>(null)
  const add = (files: File[]) => uploads.add(files, kind ? { kind } : {})
  const kinds = ['', 'ATTACHMENT', 'COVER'].map(value => ({ value, label: value ? kindName(value) : say('发票（默认）', 'Invoice (default)') }))
  const { message } = App.useApp()
  const told = useRef(new Set(uploads.items.filter(isLost).map(one => one.id)))
  useEffect(() => {
    for (const one of items) {
      if (!isLost(one)) told.current.delete(one.id)
      else if (!told.current.has(one.id)) {
        told.current.add(one.id)
        if (!isOpen) void message.error(say(`${one.name} 未能上传：${textOf(one.error)}`, `${one.name} was not uploaded: ${textOf(one.error)}`))
      }
    }
  }, [items, isOpen, message])
  return (
    <>
      <Button danger={uploads.failed > 0} onClick={() => setOpen(true)}>{say('添加文件', 'Add files')}{uploads.failed > 0 && say(` · ${uploads.failed} 个失败`, ` · ${uploads.failed} failed`)}</Button>
      <Modal open={isOpen} title={say('添加文件', 'Add files')} onCancel={() => setOpen(false)} maskClosable={false}
             footer={<Button type="primary" onClick={() => setOpen(false)}>{uploads.isBusy && items.length ? say('在后台继续', 'Go on in the background') : say('完成', 'Done')}</Button>}>
        <Drop onFiles={add}>
          <p>{say('将文件拖到这里、粘贴，或', 'Drop or paste files here, or')}</p>
          <Button type="primary" onClick={() => pick.current?.files()}>{say('选择文件', 'Choose files')}</Button>
        </Drop>
        <label className="stack">{say('类别', 'Kind')}<Select value={kind} options={kinds} onChange={setKind} aria-label={say('类别', 'Kind')} /></label>
        <LimitsLine limits={limits} entry="UPLOAD" />
        <UploadList uploads={uploads} />
        <Inputs onFiles={add} pick={pick} />
      </Modal>
    </>
  )
}

/** Ends by itself once the new bytes are in the old ones' place. */
export function ReplaceFile({ billId, version, file, onDone, onClose }: { billId: number; version: number; file: BillFile; onDone: () => void; onClose: () => void }) {
  const { uploads, items, limits } = useBillUploads(() => new Uploads({ path: '', entry: 'UPLOAD' }), `/api/v1/bills/${billId}/files/${file.id}/replace`, onDone)
  const pick = useRef<Pick | null>(null)
  useEffect(() => () => uploads.items.forEach(one => uploads.drop(one.id)), [uploads]) /* nothing goes on when it is closed */
  const isTaken = items.some(one => one.state !== 'failed' && one.state !== 'refused')
  const { message } = App.useApp()
  const put = (files: File[]) => {
    if (!files.length || isTaken) return
    if (files.length > 1) { void message.warning(say(`一次只能用一个文件替换，收到 ${files.length} 个，未上传`, `one file replaces one; ${files.length} came, none was sent`)); return }
    items.forEach(one => uploads.drop(one.id))
    uploads.add(files, { version })
  }
  return (
    <Modal open title={say(`替换 ${file.name}`, `Replace ${file.name}`)} onCancel={onClose} mask={{ closable: false }} footer={<Button onClick={onClose}>{say('取消', 'Cancel')}</Button>}>
      <Drop onFiles={put}>
        <p>{say('将新的文件拖到这里、粘贴，或', 'Drop or paste the new file here, or')}</p>
        <Button type="primary" disabled={isTaken} onClick={() => pick.current?.files()}>{say('选择文件', 'Choose a file')}</Button>
      </Drop>
      <p className="hint">{say('位置、类别与标签不变；原来的字节仍保留。', 'Place, kind and label stay; the old bytes are kept.')}</p>
      <LimitsLine limits={limits} entry="UPLOAD" />
      <UploadList uploads={uploads} />
      <Inputs onFiles={put} pick={pick} isSingle />
    </Modal>
  )
}
