/** Scanners that answer in the network, to be added by a click. */
import { Button, Modal } from 'antd'
import { useState } from 'react'
import { call } from '../api/client'
import type { Listed } from '../api/types'
import { say } from '../words'
import { Failure } from './Failure'
import { Mark } from './Mark'
import { useAct } from './use'

interface Found { name: string; address: string; model: string | null; is_known: boolean }

export function FindScanners({ onDone }: { onDone: () => void }) {
  const [found, setFound] = useState<Found[] | null>(null)
  const [isOpen, setOpen] = useState(false)
  const act = useAct()
  const look = () => {
    setOpen(true)
    setFound(null)
    void act.run(async () => setFound((await call<Listed<Found>>('/api/v1/scanners/discover', { method: 'POST', body: {} })).items))
  }
  const add = (one: Found) => act.run(async () => {
    await call('/api/v1/scanners', { body: { name: one.name.slice(0, 50), address: one.address } })
    setFound(now => (now ?? []).map(each => each.address === one.address ? { ...each, is_known: true } : each))
    onDone()
  })
  return (
    <>
      <Button onClick={look}>{say('查找扫描仪', 'Find scanners')}</Button>
      <Modal open={isOpen} title={say('网络中的扫描仪', 'Scanners in the network')} onCancel={() => setOpen(false)} footer={<Button onClick={look} loading={act.isBusy}>{say('重新查找', 'Look again')}</Button>}>
        <Failure error={act.error} onClose={act.clear} />
        <div role="status">
          {!found && act.isBusy && <p className="quiet">{say('正在查找…', 'Looking…')}</p>}
          {found?.length === 0 && <p>{say('没有扫描仪应答。它可能在另一个网段：请直接填写其 IP 地址。', 'No scanner answered. It may be in another part of the network: enter its IP address.')}</p>}
        </div>
        <ul className="people">{(found ?? []).map(one => (
          <li key={one.address}>{one.name} <span className="quiet">{one.model}</span> <code>{one.address}</code> {one.is_known ? <Mark color="green">{say('已添加', 'added')}</Mark> : <Button size="small" type="primary" onClick={() => add(one)}>{say('添加', 'Add')}</Button>}</li>
        ))}</ul>
      </Modal>
    </>
  )
}
