// 论文那一页所说的，简体中文：论文的说法，以及测得如何。
import type { Table } from './table.ts'

export const paperZh: Pick<Table, 'paper' | 'claims' | 'verdict'> = {
  paper: {
    said: '2012 年。论文认为是什么起了作用，本项目测得如何。',
    claims: '论文的说法与本项目的测量',
    also: '另外测过的',
    source: '原文说（英文）：{{claim}}。',
    measured: '本项目实测。',
    notMeasured: '本项目还没有测过，这条命令可以测：',
    notMeasuredSome: '本项目还没有测过（{{missing}}），这条命令可以测：',
    chartAlt: '{{title}}，最终{{error}}：{{numbers}}',
    error: { test: '测试误差', training: '训练误差', 'kept-out': '验证误差' },
    errorAxis: '{{error}}，%',
    epoch: '轮',
    table: '表格：{{label}}',
    network: '网络',
    epochsTo: '降到 {{target}}% 的轮数',
    runs: '次数',
    notReached: '未达到',
    oneRun: '只跑一次看不出偏差：小的差别可能是偶然。',
    raceLabel: '实时比赛',
    race: 'ReLU 对 tanh，实时比赛',
    raceAbout:
      '两个用于 32×32 图片的 AlexNet，除了激活函数完全一样，轮流用同样的批次学十种手绘图形。图形简单，两者接近；在照片上就拉开了，见下面的测量。',
    startRace: '开始比赛',
    stopRace: '停止比赛',
    raceStopped: '比赛已停止（{{reason}}）。',
    after: '看过 {{pictures}} 张图片后：ReLU 错 {{relu}}，tanh 错 {{tanh}}。',
    notStarted: '还没有开始。',
    raceAlt: '训练误差随看过的图片数变化。{{summary}}',
    seen: '看过的图片',
    raceAxis: '训练误差',
  },
  claims: {
    relu: 'ReLU 比 tanh 训练得快（§3.1）',
    reluText: '一个四层网络用 ReLU 在 CIFAR-10 上降到 25% 训练误差，比同样的 tanh 网络快六倍。',
    lrn: '局部响应归一化有用（§3.3）',
    lrnText:
      '它使 ImageNet 的 top-1 和 top-5 误差下降 1.4 和 1.2 个百分点，使一个四层网络在 CIFAR-10 上的测试误差从 13% 降到 11%。',
    pooling: '重叠池化略有用处（§3.4）',
    poolingText:
      '3×3 的窗口每 2 个像素一个，代替 2×2，使 top-1 和 top-5 误差下降 0.4 和 0.3 个百分点，过拟合也略轻。',
    augmentation: '同样的图片变出更多图片（§4.1）',
    augmentationText: '裁剪和镜像防止过拟合；沿主成分改变颜色使 top-1 误差下降一个百分点以上。',
    dropout: '用 dropout 对付过拟合（§4.2）',
    dropoutText:
      '前两个全连接层每一步随机丢弃一半单元。不用它就会过拟合；用了它，收敛所需步数大约翻倍。',
    depth: '比 LeNet-5 更大更深（§1）',
    depthText:
      '深度很重要：去掉任何一个卷积层，top-1 都损失约 2 个百分点（§7）。1998 年的 LeNet-5 有两个卷积层、六万个参数，AlexNet 有五个卷积层、六千万个参数。',
  },
  verdict: {
    reaches: '{{name}} 达到了',
    reachesNot: '{{name}} 没有达到',
    times: '{{name}} 要 {{times}} 倍的轮数',
    notIn: '{{name}} 在 {{epochs}} 轮内没有达到，已是 {{times}} 倍',
    notAlways: '{{name}} 在 {{epochs}} 轮内并非每次都达到，已是 {{times}} 倍',
    after: '在 {{epochs}} 轮之后',
    never: '从未',
    reached: '{{name}} {{own}}降到 {{target}}% {{error}}；{{others}}。',
    more: '{{name}} 多 {{points}} 个百分点',
    less: '{{name}} 少 {{points}} 个百分点',
    own: '{{name}} 为 {{error}}%',
    atEnd: '最终{{error}}：{{own}}；{{others}}。',
    join: '；',
  },
}
