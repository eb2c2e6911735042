/** Another tab has signed in as somebody else, or was opened by a link: this page would show what is not its own. It waits under
 *  this dialog, as it is, until it is loaded again, or until the other tab is signed in as before. */
import { Button, Modal } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { onOtherSession } from '../api/client'
import type { Session } from '../api/types'
import { findOther } from '../session'
import { say } from '../words'
import { Failure } from './Failure'
import { useAct } from './use'

function textOf({ kind, user }: Session): string {
  if (kind === 'EVENT') return say(`此浏览器刚打开了业务系统的影像链接（${user.name}）。`, `This browser has opened a link of the ERP since (${user.name}).`)
  if (kind === 'PHONE') return say(`此浏览器刚作为手机连接到采集批次（${user.name}）。`, `This browser serves as a phone of a scan session since (${user.name}).`)
  return say(`此浏览器现已用账号“${user.name}”登录。`, `This browser is signed in as “${user.name}” now.`)
}

export function OtherSession() {
  const [now, setNow] = useState<Session | null>(null)
  const goOn = useRef<(() => void) | null>(null)
  const act = useAct()
  useEffect(() => onOtherSession(async () => {
    const other = await findOther()
    if (other) await new Promise<void>(resolve => { goOn.current = resolve; setNow(other) })
  }), [])
  const check = () => act.run(async () => {
    if (await findOther()) { location.reload(); return }
    setNow(null)
    goOn.current?.()
  })
  return (
    <Modal open={!!now} closable={false} keyboard={false} mask={{ closable: false }} title={say('本页的登录已被替换', 'This page’s session was replaced')}
           footer={<Button type="primary" autoFocus loading={act.isBusy} onClick={check}>{say('确定', 'OK')}</Button>}>
      {now && <p>{textOf(now)}</p>}
      <p>{say('同一浏览器同时只能有一个登录，为免混用，本页已停下，没有保存的内容仍在页面上。点“确定”重新载入；如先在另一标签页换回原来的登录，点“确定”后本页原样继续。',
        'A browser has one session at a time, so this page has stopped; what was not saved is still on it. OK loads it again; if the other tab is signed in as before first, OK lets this page go on as it is.')}</p>
      <Failure error={act.error} />
    </Modal>
  )
}
