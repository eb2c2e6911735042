/** Lends a phone's camera to a scan session: a QR code that a phone opens, once; what it takes lies in the tray. */
import { Button, Modal } from 'antd'
import { useCallback, useEffect, useState } from 'react'
import { call } from '../api/client'
import { say, time } from '../words'
import { Failure } from './Failure'
import { useAct } from './use'

interface Lent { url: string; expires_at: string; qr: { side: number; path: string } }

const POLL_MS = 2500
const LOCAL = /^(localhost|127\.|\[::1\])/

/** Asks `again` for as long as a phone may be sending. */
export function usePhone(isLent: boolean, again: () => void) {
  useEffect(() => {
    if (!isLent) return
    const timer = setInterval(() => { if (!document.hidden) again() }, POLL_MS)
    return () => clearInterval(timer)
  }, [isLent, again])
}

export function PhoneHand({ captureId, count, onLent, onClose }: { captureId: number; count: number; onLent: (isLent: boolean) => void; onClose: () => void }) {
  const [lent, setLent] = useState<Lent | null>(null)
  const [isOver, setOver] = useState(false)
  const act = useAct()
  const path = `/api/v1/captures/${captureId}/phone`
  const { run } = act
  const lend = useCallback(() => run(async () => {
    setLent(await call<Lent>(path, { method: 'POST', body: {} }))
    setOver(false)
    onLent(true)
  }), [run, path, onLent])
  useEffect(() => { void lend() }, [lend])
  useEffect(() => {
    if (!lent) return
    const timer = setTimeout(() => setOver(true), Math.max(0, new Date(lent.expires_at).getTime() - Date.now()))
    return () => clearTimeout(timer)
  }, [lent])
  const end = () => run(async () => { await call(path, { method: 'DELETE' }); onLent(false); onClose() })
  return (
    <Modal open title={say('用手机拍照', 'Take pictures with a phone')} onCancel={onClose} footer={
      <>
        <Button onClick={() => lend()} loading={act.isBusy}>{say('重新生成二维码', 'Another code')}</Button>
        <Button danger onClick={end}>{say('断开手机', 'End the phone')}</Button>
        <Button type="primary" onClick={onClose}>{say('完成', 'Done')}</Button>
      </>
    }>
      <Failure error={act.error} onRetry={lend} />
      {lent && (
        <div className="phone-hand">
          <p>{say('用手机扫描二维码并拍照，照片会出现在本批次中。', 'Scan the code with a phone and take pictures: they come into this tray.')}</p>
          <div className={isOver ? 'qr over' : 'qr'}>
            <svg viewBox={`-4 -4 ${lent.qr.side + 8} ${lent.qr.side + 8}`} role="img" aria-label={say('手机拍照二维码', 'QR code for the phone')} shapeRendering="crispEdges">
              <rect x="-4" y="-4" width="100%" height="100%" fill="#fff" /><path d={lent.qr.path} fill="#000" />
            </svg>
          </div>
          <p className="quiet" role="status">
            {isOver ? say('二维码已过期，请重新生成。', 'The code has expired: make another.') : say(`只能使用一次，${time(lent.expires_at).slice(11)} 前有效。本批次现有 ${count} 页。`, `Good once, until ${time(lent.expires_at).slice(11)}. This session has ${count} pages.`)}
          </p>
          {LOCAL.test(new URL(lent.url).host) && <p className="problem">{say('当前用本机地址打开，手机无法访问。请改用服务器的网络地址打开本页。', 'This page was opened by a local address, which a phone can’t reach: open it by the server’s own address.')}</p>}
        </div>
      )}
    </Modal>
  )
}
