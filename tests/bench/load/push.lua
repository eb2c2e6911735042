-- One push after the other, each of another bill, about 1 KB. The bench names the run, so that no two
-- runs push the same number.
local run, client, tax_no = os.getenv("BENCH_RUN"), os.getenv("BENCH_CLIENT"), os.getenv("BENCH_TAX_NO")
local shape = os.getenv("BENCH_SHAPE")
local headers = { ["Content-Type"] = "application/json" }
local path = "/api/imgsys/outside/push"
local filler = string.rep("报销事由", 50)
local n = 0

local tail = string.format('","billTypeCode":"BX01","clientId":"%s","taxNo":"%s","billName":"差旅费报销单",'
    .. '"applyUserName":"张三","applyUserPhone":"13800000000","orgCode":"ORG-0001","remark":"%s"%s}',
    client, tax_no, filler, shape == "document" and ',"invoice":[]' or "")

function request()
    n = n + 1
    local id = run .. "-" .. n
    return wrk.format("POST", path, headers,
        '{"scanBillNo":"YX' .. id .. '","billId":"ID' .. id .. '","billNo":"BX' .. id .. tail)
end
