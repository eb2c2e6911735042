/** Every self-check with its result and what to do. */
import { Button } from 'antd'
import { call } from '../api/client'
import { entryOf } from '../menu'
import { Failure } from '../parts/Failure'
import { Mark } from '../parts/Mark'
import { Page } from '../parts/Page'
import { useLoad } from '../parts/use'
import { Link } from '../router'
import { useWho } from '../session'
import { say, time } from '../words'

interface Check { name: string; result: string; found: string | null; remedy: string | null }
interface Answer { result: string; items: Check[]; examined_at: string }

const tone = (result: string) => ({ OK: 'green', WARN: 'orange', FAIL: 'red' }[result])
const order = ['red', 'orange', 'green']

const checks: Record<string, [string, string]> = {
  settings: ['配置', 'Configuration'], data_dir: ['数据目录', 'Data directory'], key_file: ['密钥文件', 'Key file'], file_system: ['文件系统', 'File system'], room: ['磁盘空间', 'Room on the disk'], store: ['数据库', 'Database'],
  blobs: ['影像存储', 'Image store'], enterprises: ['企业授权', 'Enterprises'], push_table: ['推送表', 'Push table'], pushes: ['收票推送', 'Pushes'], push_reach: ['推送地址', 'Push addresses'], jobs: ['后台任务', 'Background work'], decoder: ['影像解析', 'Decoding'],
  office: ['Office 预览', 'Office previews'], dns: ['域名解析', 'DNS'], tcp: ['网络连接', 'Connection'], tls: ['TLS 证书', 'TLS'], clock: ['系统时钟', 'Clock'], token: ['发票云 token', 'Cloud token'], erp: ['业务系统', 'Business system'], people: ['ERP 人员同步', 'People of ERPs'], scanner: ['扫描仪', 'Scanner'], unknown_calls: ['未知调用', 'Unknown calls'], capture: ['报文留存', 'Bodies kept'], upstream_plain: ['明文上游', 'Plain upstream'],
}
const checkName = (name: string) => checks[name] ? say(...checks[name]) : name
const resultName = (result: string): string => ({ OK: say('正常', 'fine'), WARN: say('注意', 'warning'), FAIL: say('失败', 'failed') }[result] ?? result)

/** Where a browser sees more of it; the server's own remedies name the tool, which only its administrator has. */
const places: Record<string, string> = {
  room: 'storage', blobs: 'storage', enterprises: 'enterprises', token: 'enterprises', push_table: 'push-table', push_reach: 'push-table', pushes: 'pushes', jobs: 'pushes',
  unknown_calls: 'journal', capture: 'journal', erp: 'business-systems', people: 'business-systems', scanner: 'scanners',
}

function Place({ check }: { check: Check }) {
  const { may } = useWho()
  const entry = check.result === 'OK' ? undefined : entryOf(places[check.name])
  return entry && (!entry.needs || may(entry.needs)) ? <div><Link to={`/${entry.page}`}>{say('查看：', 'See: ')}{entry.title()}</Link></div> : null
}

export default function Doctor() {
  const load = useLoad(signal => call<Answer>('/api/v1/doctor', { signal }), [])
  const items = [...(load.data?.items ?? [])].sort((a, b) => order.indexOf(tone(a.result) ?? 'red') - order.indexOf(tone(b.result) ?? 'red'))
  return (
    <Page title={say('系统自检', 'Self-check')} actions={<Button loading={load.isLoading} onClick={load.again}>{say('重新检查', 'Check again')}</Button>}>
      <Failure error={load.error} onRetry={load.again} />
      {load.isLoading && !load.data && <div className="empty" role="status">{say('正在检查网络、存储与 token…', 'Looking at network, store and tokens…')}</div>}
      {load.data && (
        <div className="table-frame" role="region" tabIndex={0} aria-label={say('系统自检', 'Self-check')}>
          <table className="table"><thead><tr><th scope="col">{say('检查项', 'Check')}</th><th scope="col">{say('结果', 'Result')}</th><th scope="col">{say('发现', 'Found')}</th><th scope="col">{say('处理办法', 'What to do')}</th></tr></thead>
            <tbody>{items.map((one, i) => <tr key={i}><td className="main">{checkName(one.name)}</td><td><Mark color={tone(one.result)}>{resultName(one.result)}</Mark></td><td data-label={say('发现', 'Found')}>{one.found}</td><td data-label={say('处理办法', 'What to do')}><span className="cell">{one.remedy}<Place check={one} /></span></td></tr>)}</tbody></table>
        </div>
      )}
      {load.data && <p className="quiet">{say('检查于 ', 'checked at ')}{time(load.data.examined_at)}</p>}
    </Page>
  )
}
