/** Exports that this person asked for: progress, download, call off. */
import { App, Button, Progress } from 'antd'
import { useEffect, useState } from 'react'
import { call } from '../api/client'
import { Ask, type Question } from '../parts/Ask'
import { Failure } from '../parts/Failure'
import { List } from '../parts/List'
import { Page } from '../parts/Page'
import { useAct } from '../parts/use'
import { say, size, time } from '../words'
import { Mark } from '../parts/Mark'

interface Export { export_id: number; kind: string; state: string; done: number; total: number; name: string | null; size?: number; note: string | null; created_at: string; expires_at: string | null }

const names: Record<string, [string, string, string]> = {
  WAITING: ['等待', 'waiting', 'default'], RUNNING: ['进行中', 'running', 'processing'], READY: ['可下载', 'ready', 'green'], FAILED: ['失败', 'failed', 'red'], CANCELLED: ['已取消', 'called off', 'default'],
}

const isUnderWay = (one: Export) => one.state === 'WAITING' || one.state === 'RUNNING'

function StateOf({ one }: { one: Export }) {
  const [zh, en, colour] = names[one.state] ?? [one.state, one.state, 'default']
  return (
    <>
      <Mark color={colour}>{say(zh, en)}</Mark>
      {isUnderWay(one) && one.total > 0 && <Progress percent={Math.floor(100 * one.done / one.total)} size="small" aria-label={say('进度', 'Progress')} />}
      {one.note && <div className="quiet">{one.note}</div>}
    </>
  )
}

export default function Exports() {
  const { message } = App.useApp()
  const [round, setRound] = useState(0)
  const act = useAct()
  useEffect(() => { /* what runs moves on by itself */
    const timer = setInterval(() => setRound(n => n + 1), 4000)
    return () => clearInterval(timer)
  }, [])
  const [question, setQuestion] = useState<Question | null>(null)
  const drop = async (one: Export) => {
    await call(`/api/v1/exports/${one.export_id}`, { method: 'DELETE' })
    message.success(isUnderWay(one) ? say('已取消', 'Called off') : say('已删除', 'Removed'))
    setRound(n => n + 1)
  }
  const ask = (one: Export) => one.state !== 'READY' ? act.run(() => drop(one)) : setQuestion({
    title: say(`删除 ${one.name ?? one.export_id}？`, `Remove ${one.name ?? one.export_id}?`), isDanger: true,
    text: say('文件将无法再下载；单据与影像不受影响。', 'The file can’t be downloaded any more; bills and images stay.'), run: () => drop(one),
  })
  return (
    <Page title={say('导出任务', 'Exports')}>
      <p className="hint">{say('在“影像单据”中勾选单据即可建立导出任务；文件保留 7 天。', 'Select bills in “Bills” to make an export; files are kept for 7 days.')}</p>
      <Failure error={act.error} onClose={act.clear} />
      <List<Export>
        path="/api/v1/exports" label={say('导出任务', 'Exports')} rowKey={one => one.export_id} round={round}
        columns={[
          { key: 'name', title: say('名称', 'Name'), isMain: true, show: one => one.state === 'READY' ? <a href={`/api/v1/exports/${one.export_id}/content`} download>{one.name ?? one.export_id}</a> : one.name ?? `#${one.export_id}` },
          { key: 'kind', title: say('内容', 'What'), show: one => one.kind === 'ZIP' ? say('原始影像 (zip)', 'originals (zip)') : say('清单 (xlsx)', 'list (xlsx)') },
          { key: 'state', title: say('状态', 'State'), show: one => <StateOf one={one} /> },
          { key: 'size', title: say('大小', 'Size'), isNumber: true, show: one => size(one.size) },
          { key: 'at', title: say('创建', 'Made'), show: one => time(one.created_at) },
          { key: 'until', title: say('保留至', 'Kept until'), show: one => time(one.expires_at) },
          { key: 'act', title: '', show: one => <Button size="small" onClick={() => ask(one)}>{isUnderWay(one) ? say('取消', 'Call off') : say('删除', 'Remove')}</Button> },
        ]}
        empty={say('还没有导出任务', 'No exports yet')}
      />
      <Ask question={question} onDone={() => setQuestion(null)} />
    </Page>
  )
}
