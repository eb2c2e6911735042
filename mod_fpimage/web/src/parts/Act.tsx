/** A button that does one thing at once and says what came of it. */
import { App, Button } from 'antd'
import type { ReactNode } from 'react'
import { say } from '../words'
import { Failure } from './Failure'
import { useAct } from './use'

export function Act({ title, run, onDone }: { title: string; run: () => Promise<ReactNode>; onDone?: () => void }) {
  const { modal } = App.useApp()
  const act = useAct()
  const go = () => act.run(async () => {
    modal.info({ title, content: await run(), okText: say('知道了', 'Close') })
    onDone?.()
  })
  return <><Button loading={act.isBusy} onClick={go}>{title}</Button><Failure error={act.error} onClose={act.clear} /></>
}
